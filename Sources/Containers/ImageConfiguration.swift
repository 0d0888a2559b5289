public import BakeContract

/// What an image says about running its program (OCI image-spec, config.md, *Properties*), as far as
/// bake has words for it.
public struct ImageConfiguration: Sendable, Equatable {
    /// `NAME=VALUE`, in the image's order.
    public var environment: [Bytes] = []
    public var entrypoint: [Bytes] = []
    public var command: [Bytes] = []
    /// Nil for `/`.
    public var workingDirectory: Bytes?
    /// `NAME`, `UID`, `NAME:GROUP` or `UID:GID`; nil for root.
    public var user: Bytes?

    public init() {}

    init(_ image: JSONValue) throws(ContainerProblem) {
        guard let config = image["config"], config != .null else { return }
        environment = try Self.strings(config, "Env")
        entrypoint = try Self.strings(config, "Entrypoint")
        command = try Self.strings(config, "Cmd")
        workingDirectory = try Self.string(config, "WorkingDir")
        user = try Self.string(config, "User")
    }

    private static func strings(
        _ config: JSONValue, _ key: String
    ) throws(ContainerProblem) -> [Bytes] {
        guard let value = config[key], value != .null else { return [] }
        let strings = value.array?.compactMap(\.string)
        guard let strings, strings.count == value.array?.count else {
            throw .malformed(file: "config", key: key, mustBe: "a list of strings")
        }
        return strings
    }

    private static func string(
        _ config: JSONValue, _ key: String
    ) throws(ContainerProblem) -> Bytes? {
        guard let value = config[key], value != .null else { return nil }
        guard let string = value.string else {
            throw .malformed(file: "config", key: key, mustBe: "a string")
        }
        return string.isEmpty ? nil : string
    }

    /// The same as rumpconfig.json has it: `env`, and one program in `rc` with `bin`, `argv`,
    /// `workdir` and `user`. The program is Entrypoint and Cmd, one behind the other; a name without
    /// a slash is looked for in PATH by the guest, as container engines do. Without a program there
    /// is no `rc`, for it would have nothing to run.
    public var asConfiguration: JSONValue {
        var members: [JSONMember] = []
        let variables = environmentMembers
        if !variables.isEmpty { members.append(JSONMember(Bytes("env".utf8), .object(variables))) }
        let words = entrypoint + command
        if let bin = words.first {
            var program = [
                JSONMember(Bytes("bin".utf8), .string(bin)),
                JSONMember(Bytes("argv".utf8), .array(words.dropFirst().map(JSONValue.string))),
            ]
            if let workingDirectory {
                // Engines take a relative one from the root.
                let slash = UInt8(ascii: "/")
                let path = workingDirectory.first == slash ? [] : [slash]
                program.append(
                    JSONMember(Bytes("workdir".utf8), .string(path + workingDirectory)))
            }
            if let user { program.append(JSONMember(Bytes("user".utf8), .string(user))) }
            members.append(JSONMember(Bytes("rc".utf8), .array([.object(program)])))
        }
        return .object(members)
    }

    /// Of two of one name the later counts; what has no value sets nothing.
    private var environmentMembers: [JSONMember] {
        var members: [JSONMember] = []
        for variable in environment {
            guard let equals = variable.firstIndex(of: UInt8(ascii: "=")), equals > 0 else {
                continue
            }
            let name = Bytes(variable[..<equals])
            members.removeAll { $0.key == name }
            members.append(JSONMember(name, .string(Bytes(variable[(equals + 1)...]))))
        }
        return members
    }
}
