/// A value of a configuration with the path that messages name, and the questions the decoder asks
/// of it.
struct ConfigurationNode {
    let value: JSONValue
    let path: ConfigurationPath

    func fault(_ mustBe: StaticString) -> ConfigurationFault {
        ConfigurationFault(path: path, problem: .badValue(path, mustBe: mustBe))
    }

    /// A key's value; nil where it is absent or null.
    subscript(_ key: StaticString) -> ConfigurationNode? {
        let name = Bytes(key.description)
        guard let member = value[name], member != .null else { return nil }
        return ConfigurationNode(value: member, path: path.appending(name))
    }

    func required(_ key: StaticString) throws(ConfigurationFault) -> ConfigurationNode {
        guard let node = self[key] else {
            throw ConfigurationFault(path: path, problem: .missingKey(in: path, key: key))
        }
        return node
    }

    /// The members of an object, null ones left out.
    func members(_ mustBe: StaticString) throws(ConfigurationFault) -> [(Bytes, ConfigurationNode)]
    {
        guard let members = value.members else { throw fault(mustBe) }
        var nodes: [(Bytes, ConfigurationNode)] = []
        for member in members where member.value != .null {
            nodes.append(
                (
                    member.key,
                    ConfigurationNode(value: member.value, path: path.appending(member.key))
                ))
        }
        return nodes
    }

    /// An object with these keys and no others; what is unknown is noted, not refused here.
    func checkKeys(
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

    /// A list; one object alone counts as a list of one, as rumprun has it.
    func elements(_ mustBe: StaticString) throws(ConfigurationFault) -> [ConfigurationNode] {
        if value.members != nil { return [self] }
        guard let elements = value.array else { throw fault(mustBe) }
        var nodes: [ConfigurationNode] = []
        for index in elements.indices {
            nodes.append(ConfigurationNode(value: elements[index], path: path.appending(index)))
        }
        return nodes
    }

    /// A string without NUL.
    func string(_ mustBe: StaticString = "a string") throws(ConfigurationFault) -> Bytes {
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
    func cString() throws(ConfigurationFault) -> Bytes {
        let decoded = try bytes()
        if decoded.contains(0) { throw fault("without NUL bytes") }
        return decoded
    }

    func strings(_ mustBe: StaticString) throws(ConfigurationFault) -> [Bytes] {
        guard value.array != nil else { throw fault(mustBe) }
        var strings: [Bytes] = []
        for element in try elements(mustBe) { strings.append(try element.cString()) }
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

    func integer(_ range: ClosedRange<Int64>, _ mustBe: StaticString) throws(ConfigurationFault)
        -> Int64
    {
        guard let number = value.integer, range.contains(number) else { throw fault(mustBe) }
        return number
    }
}
