/// A value of a JSON document with the path that messages name, and the questions decoders ask of
/// it: those of configurations here, that of bake.json on the host.
public struct JSONNode {
    public let value: JSONValue
    public let path: ConfigurationPath

    init(value: JSONValue, path: ConfigurationPath) {
        self.value = value
        self.path = path
    }

    /// The whole of a document.
    public init(document: JSONValue) {
        self.init(value: document, path: ConfigurationPath())
    }

    public func fault(_ mustBe: StaticString) -> ConfigurationFault {
        ConfigurationFault(path: path, problem: .badValue(path, mustBe: mustBe))
    }

    /// - Parameter why: a clause that follows the value's name and a colon.
    public func fault(why: String) -> ConfigurationFault {
        ConfigurationFault(path: path, problem: .refused(path, why: why))
    }

    /// A key's value; nil where it is absent or null.
    public subscript(_ key: StaticString) -> JSONNode? {
        let name = Bytes(key.description)
        guard let member = value[name], member != .null else { return nil }
        return JSONNode(value: member, path: path.appending(name))
    }

    public func required(_ key: StaticString) throws(ConfigurationFault) -> JSONNode {
        guard let node = self[key] else {
            throw ConfigurationFault(path: path, problem: .missingKey(in: path, key: key))
        }
        return node
    }

    /// The members of an object, null ones left out.
    public func members(_ mustBe: StaticString) throws(ConfigurationFault) -> [(Bytes, JSONNode)] {
        guard let members = value.members else { throw fault(mustBe) }
        var nodes: [(Bytes, JSONNode)] = []
        for member in members where member.value != .null {
            nodes.append(
                (
                    member.key,
                    JSONNode(value: member.value, path: path.appending(member.key))
                ))
        }
        return nodes
    }

    /// An object with these keys and no others; what is unknown is noted, not refused here.
    public func checkKeys(
        _ known: [StaticString], _ mustBe: StaticString, _ unknown: inout [ConfigurationFault]
    ) throws(ConfigurationFault) {
        guard let members = value.members else { throw fault(mustBe) }
        for member in members {
            if known.contains(where: { member.key.equals($0) }) { continue }
            // A few are enough to tell; each costs a search for its nearest name.
            if unknown.count >= 16 { return }
            let keyPath = path.appending(member.key)
            unknown.append(
                ConfigurationFault(
                    path: keyPath, isAboutKey: true,
                    problem: .unknownKey(keyPath, nearest: nearest(to: member.key, among: known))))
        }
    }

    /// For documents without optional values: null stands nowhere in this one, at any depth.
    public func refuseNulls() throws(ConfigurationFault) {
        switch value {
        case .null: throw fault(why: "null says nothing here, leave the key out")
        case .array: for element in try list("a list") { try element.refuseNulls() }
        case .object(let members):
            for member in members {
                try JSONNode(value: member.value, path: path.appending(member.key)).refuseNulls()
            }
        case .bool, .number, .string: break
        }
    }

    /// A list; one object alone counts as a list of one, as rumprun has it.
    func elements(_ mustBe: StaticString) throws(ConfigurationFault) -> [JSONNode] {
        if value.members != nil { return [self] }
        return try list(mustBe)
    }

    /// A list and nothing else.
    public func list(_ mustBe: StaticString) throws(ConfigurationFault) -> [JSONNode] {
        guard let elements = value.array else { throw fault(mustBe) }
        var nodes: [JSONNode] = []
        for index in elements.indices {
            nodes.append(JSONNode(value: elements[index], path: path.appending(index)))
        }
        return nodes
    }

    /// A string without NUL.
    public func string(_ mustBe: StaticString = "a string") throws(ConfigurationFault) -> Bytes {
        guard let string = value.string else { throw fault(mustBe) }
        if string.contains(0) { throw fault("a string without NUL characters") }
        return string
    }

    /// A string, or `{"base64": "..."}` for bytes that are no UTF-8.
    func bytes() throws(ConfigurationFault) -> Bytes {
        guard let members = value.members else {
            return try string("a string or {\"base64\": \"...\"}")
        }
        guard members.count == 1, members[0].key.equals("base64"),
            let text = members[0].value.string, let decoded = decodeBase64(text)
        else { throw fault("a string or {\"base64\": \"...\"}") }
        return decoded
    }

    /// Bytes that can be an argument or the value of a variable: C strings, no NUL.
    public func cString() throws(ConfigurationFault) -> Bytes {
        let decoded = try bytes()
        if decoded.contains(0) { throw fault("without NUL bytes") }
        return decoded
    }

    public func strings(_ mustBe: StaticString) throws(ConfigurationFault) -> [Bytes] {
        var strings: [Bytes] = []
        for element in try list(mustBe) { strings.append(try element.cString()) }
        return strings
    }

    /// `/` first, no `..`, no NUL, below PATH_MAX.
    func absolutePath() throws(ConfigurationFault) -> Bytes {
        let path = try string("an absolute path")
        guard path.first == ASCII.slash, path.count < 4096 else { throw fault("an absolute path") }
        for component in path.split(separator: ASCII.slash)
        where Bytes(component).equals("..") {
            throw fault("an absolute path without '..'")
        }
        return path
    }

    public func integer(_ range: ClosedRange<Int64>, _ mustBe: StaticString)
        throws(ConfigurationFault)
        -> Int64
    {
        guard let number = value.integer, range.contains(number) else { throw fault(mustBe) }
        return number
    }
}
