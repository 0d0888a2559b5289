extension Configuration {
    /// `env` in any of its forms: an object, `"NAME=VALUE"`, or a list of those.
    static func decodeEnvironment(
        _ node: JSONNode
    ) throws(ConfigurationFault) -> [EnvironmentVariable] {
        let mustBe: StaticString = "an object, \"NAME=VALUE\" or a list of those"
        if node.value.string != nil { return [try decodeAssignment(node)] }
        // Far more than execve(2) takes; it bounds the search for repeated names.
        let count = node.value.array?.count ?? node.value.members?.count ?? 0
        guard count <= 4096 else { throw node.fault("at most 4096 variables") }
        if node.value.array != nil {
            var variables: [EnvironmentVariable] = []
            for element in try node.elements(mustBe) {
                let variable = try decodeAssignment(element)
                if variables.contains(where: { $0.name == variable.name }) {
                    throw ConfigurationFault(
                        path: element.path,
                        problem: .givenTwice(element.path, name: variable.name))
                }
                variables.append(variable)
            }
            return variables
        }
        return try decodeVariables(node, mustBe)
    }

    /// `env` as an object, the form that bake.json knows too.
    public static func decodeVariables(
        _ node: JSONNode, _ mustBe: StaticString
    ) throws(ConfigurationFault) -> [EnvironmentVariable] {
        var variables: [EnvironmentVariable] = []
        for (name, value) in try node.members(mustBe) {
            guard isVariableName(name) else {
                throw value.fault("named by a name without '=' and NUL")
            }
            variables.append(EnvironmentVariable(name: name, value: try decodeVariable(value)))
        }
        return variables
    }

    /// Strings as they are; numbers and booleans as they are written, because `bake.env.PORT=8080`
    /// and `"PORT": 8080` can mean nothing else.
    private static func decodeVariable(
        _ node: JSONNode
    ) throws(ConfigurationFault) -> Bytes {
        switch node.value {
        case .number(let digits): digits
        case .bool(let flag): flag ? Bytes("true") : Bytes("false")
        case .string, .object: try node.cString()
        case .array, .null: throw node.fault("a string, a number, true or false")
        }
    }

    private static func decodeAssignment(
        _ node: JSONNode
    ) throws(ConfigurationFault) -> EnvironmentVariable {
        let mustBe: StaticString = "of the form \"NAME=VALUE\""
        let text = try node.string(mustBe)
        guard let mark = text.firstIndex(of: ASCII.equals), mark > 0 else {
            throw node.fault(mustBe)
        }
        return EnvironmentVariable(name: Bytes(text[..<mark]), value: Bytes(text[(mark + 1)...]))
    }

    private static func isVariableName(_ name: Bytes) -> Bool {
        !name.isEmpty && !name.contains(ASCII.equals) && !name.contains(0)
    }

    /// The same source with `env` as an object, so that it merges by name. An object stays as it
    /// is, with the nulls that take variables away.
    static func withEnvironmentAsObject(_ value: JSONValue) throws(ConfigurationFault) -> JSONValue
    {
        guard case .object(var members) = value,
            let index = members.firstIndex(where: { $0.key.equals("env") })
        else { return value }
        let environment = members[index].value
        guard environment.string != nil || environment.array != nil else { return value }
        let node = JSONNode(
            value: environment, path: ConfigurationPath([.key(members[index].key)]))
        var variables: [JSONMember] = []
        for variable in try decodeEnvironment(node) {
            variables.append(JSONMember(variable.name, .string(variable.value)))
        }
        members[index].value = .object(variables)
        return .object(members)
    }
}
