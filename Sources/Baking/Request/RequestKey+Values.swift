internal import BakeContract

// The values of bake.json that are more than a text, a list of texts or a flag.
extension RequestKey {
    /// As `-R` takes it, or `{"tree", "target", "strip"}` with the tree as it is.
    static func tree(_ node: JSONNode) throws(ConfigurationFault) -> BakeRequest.Tree {
        if node.value.members != nil { return try treeObject(node) }
        let argument = try node.text(mustBe: "a string or {\"tree\", \"target\", \"strip\"}")
        guard let tree = BakeRequest.Tree(argument: argument), !tree.source.isEmpty else {
            throw node.fault(why: "'\(argument)' is not [strip=N:]TREE[:/TARGET]")
        }
        return tree
    }

    private static func treeObject(
        _ node: JSONNode
    ) throws(ConfigurationFault) -> BakeRequest.Tree {
        try node.refuseUnknownKeys(["tree", "target", "strip"])
        var target: String?
        if let place = node["target"] {
            let path = try place.text()
            let isInside = !path.split(separator: "/").contains { $0 == "." || $0 == ".." }
            guard path.hasPrefix("/"), isInside else {
                throw place.fault("an absolute path without '.' and '..'")
            }
            target = path
        }
        return BakeRequest.Tree(
            source: try node.required("tree").text(), target: target,
            stripCount: Int(
                try node["strip"]?.integer(0...4096, "a number from 0 to 4096") ?? 0))
    }

    static func json(_ tree: BakeRequest.Tree) -> JSONValue {
        if BakeRequest.Tree(argument: tree.source) == tree { return .text(tree.source) }
        var members = [JSONMember(Bytes("tree".utf8), .text(tree.source))]
        if let target = tree.target {
            members.append(JSONMember(Bytes("target".utf8), .text(target)))
        }
        if tree.stripCount > 0 {
            members.append(JSONMember(Bytes("strip".utf8), .integer(Int64(tree.stripCount))))
        }
        return .object(members)
    }

    static func environment(
        _ node: JSONNode
    ) throws(ConfigurationFault) -> [BakeRequest.EnvironmentVariable] {
        try Configuration.decodeVariables(node, "an object of names and values")
            .map { .init(name: $0.name, value: $0.value) }
    }

    static func json(_ environment: [BakeRequest.EnvironmentVariable]) -> JSONValue {
        .object(environment.map { JSONMember($0.name, .bytes($0.value)) })
    }

    static func program(_ node: JSONNode) throws(ConfigurationFault) -> [Bytes] {
        try node.strings("a list of strings, the program's path first")
    }

    static func defaultEtc(_ node: JSONNode) throws(ConfigurationFault) -> BakeRequest.DefaultEtc {
        if let isThere = node.value.bool { return isThere ? .shipped : .none }
        return .directory(try node.text(mustBe: "true, false or a directory"))
    }

    static func json(_ defaultEtc: BakeRequest.DefaultEtc) -> JSONValue {
        switch defaultEtc {
        case .shipped: .bool(true)
        case .none: .bool(false)
        case .directory(let path): .text(path)
        }
    }

    static func blobKind(_ node: JSONNode) throws(ConfigurationFault) -> BakeRequest.BlobKind {
        let text = try node.text(.blobKind)
        return BakeRequest.BlobKind(rawValue: text)!  // the rule has looked
    }

    static func format(_ node: JSONNode) throws(ConfigurationFault) -> BakeRequest.OutputFormat {
        let text = try node.text(.format)
        return BakeRequest.OutputFormat(rawValue: text)!  // the rule has looked
    }

    /// Bytes as a number, or as a text with K or M.
    static func blockSize(_ node: JSONNode) throws(ConfigurationFault) -> Int {
        let mustBe: StaticString = "a power of two from 4K to 1M"
        let number = node.value.integer.map { Int($0) }
        let byteCount = number == nil ? ByteCount.parse(try node.text(mustBe: mustBe)) : number
        guard let checked = byteCount.flatMap(BakeRequest.checkedBlockSize) else {
            throw node.fault(mustBe)
        }
        return checked
    }

    static func blockSizeJSON(_ byteCount: Int) -> JSONValue {
        byteCount % 1024 == 0 ? .text("\(byteCount / 1024)K") : .integer(Int64(byteCount))
    }
}

extension JSONNode {
    /// Text without NUL.
    func text(
        mustBe: StaticString = "a string"
    ) throws(ConfigurationFault) -> String {
        let text = String(decoding: try string(mustBe), as: UTF8.self)
        if let flaw = RequestText.something.flaw(of: text) { throw fault(why: flaw) }
        return text
    }

    func text(_ rule: RequestText) throws(ConfigurationFault) -> String {
        let text = try text()
        if let flaw = rule.flaw(of: text) { throw fault(why: flaw) }
        return text
    }

    func refuseUnknownKeys(_ known: [StaticString]) throws(ConfigurationFault) {
        var unknown: [ConfigurationFault] = []
        try checkKeys(known, "an object", &unknown)
        if let first = unknown.first { throw first }
    }
}
