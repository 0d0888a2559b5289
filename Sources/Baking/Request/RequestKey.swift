internal import BakeContract

/// One key of bake.json, named after its flag: how it is read into a request and written from one.
struct RequestKey {
    let name: StaticString
    let read: (inout BakeRequest, JSONNode) throws(ConfigurationFault) -> Void
    /// Nil where the request says nothing else than without the key.
    let write: (BakeRequest) -> JSONValue?
}

extension RequestKey {
    /// All of them, in the order in which they are read.
    static var all: [RequestKey] {
        [
            list("root", \.trees, "a list of trees", decode: tree, encode: json),
            texts("package", \.packages.names, .package),
            text("suite", \.packages.suite),
            text("mirror", \.packages.mirror),
            text("variant", \.packages.variant, .variant),
            texts("install", \.hostPrograms.paths),
            text("sysroot", \.hostPrograms.sysroot),
            texts("edit", \.edits),
            texts("exclude", \.excludes, .pattern),
            texts("chmod", \.modeRules, .modeRule),
            texts("node", \.nodes, .node),
            text("owner", \.ownerRule, .owner),
            text("onConflict", \.conflictRule, .conflictRule),
            flag("allowMissing", \.allowsMissing),
            flag("allowChanging", \.allowsChanging),
            flag("dropAcl", \.dropsAccessControlLists),
            flag("dropXattrs", \.dropsXattrs),
            flag("oneFileSystem", \.staysOnFileSystem),
            flag("strict", \.isStrict),
            flag("imageConfig", \.takesImageConfiguration),
            value("defaultEtc", \.defaultEtc, decode: defaultEtc, encode: json),
            text("config", \.configurationFile),
            RequestKey(
                name: "env",
                read: { (request, node) throws(ConfigurationFault) in
                    request.add(try environment(node))
                },
                write: { $0.environment.isEmpty ? nil : json($0.environment) }),
            text("hostname", \.hostname),
            texts("net", \.networks, .network),
            value("program", \.program, decode: program) { .array($0.map(JSONValue.bytes)) },
            text("kernel", \.kernel),
            texts("modules", \.modules, .module),
            text("kernelCmdline", \.kernelCommandLine),
            value("format", \.format, decode: format) { .text($0.rawValue) },
            value("blob", \.blobKind, decode: blobKind) { .text($0.rawValue) },
            text("compression", \.compression, .compression),
            value("blockSize", \.blockSize, decode: blockSize, encode: blockSizeJSON),
            text("output", \.output),
            // For editors, which find docs/bake.schema.json by it; bake does not.
            RequestKey(
                name: "$schema",
                read: { (_, node) throws(ConfigurationFault) in _ = try node.string() },
                write: { _ in nil }),
        ]
    }

    // MARK: Kinds of keys

    typealias Path<Value> = WritableKeyPath<BakeRequest, Value>

    private static func value<Value: Equatable>(
        _ name: StaticString, _ path: Path<Value>,
        decode: @escaping (JSONNode) throws(ConfigurationFault) -> Value,
        encode: @escaping (Value) -> JSONValue
    ) -> RequestKey {
        RequestKey(
            name: name,
            read: { (request, node) throws(ConfigurationFault) in
                request[keyPath: path] = try decode(node)
            },
            write: { request in
                let value = request[keyPath: path]
                return value == BakeRequest()[keyPath: path] ? nil : encode(value)
            })
    }

    private static func list<Element: Equatable>(
        _ name: StaticString, _ path: Path<[Element]>, _ mustBe: StaticString,
        decode: @escaping (JSONNode) throws(ConfigurationFault) -> Element,
        encode: @escaping (Element) -> JSONValue
    ) -> RequestKey {
        value(
            name, path,
            decode: { (node) throws(ConfigurationFault) in
                var elements: [Element] = []
                for element in try node.list(mustBe) { elements.append(try decode(element)) }
                return elements
            },
            encode: { .array($0.map(encode)) })
    }

    private static func texts(
        _ name: StaticString, _ path: Path<[String]>, _ rule: RequestText = .something
    ) -> RequestKey {
        list(
            name, path, "a list of strings",
            decode: { (node) throws(ConfigurationFault) in try node.text(rule) },
            encode: JSONValue.text)
    }

    private static func text(
        _ name: StaticString, _ path: Path<String>, _ rule: RequestText = .something
    ) -> RequestKey {
        value(
            name, path,
            decode: { (node) throws(ConfigurationFault) in try node.text(rule) },
            encode: JSONValue.text)
    }

    private static func text(
        _ name: StaticString, _ path: Path<String?>, _ rule: RequestText = .something
    ) -> RequestKey {
        value(
            name, path,
            decode: { (node) throws(ConfigurationFault) in try node.text(rule) },
            encode: { $0.map(JSONValue.text) ?? .null })
    }

    private static func flag(_ name: StaticString, _ path: Path<Bool>) -> RequestKey {
        value(
            name, path,
            decode: { (node) throws(ConfigurationFault) in
                guard let flag = node.value.bool else { throw node.fault("true or false") }
                return flag
            },
            encode: JSONValue.bool)
    }
}
