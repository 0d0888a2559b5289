internal import BakeContract
internal import Baking

/// The flags of `bake run` that lay something over the baked configuration.
struct OverrideFlags {
    let environment: [String]
    let hostname: String?
    /// `KEY=VALUE`, keys dotted: `root=ro`, `rc=[{"bin":"/bin/sh"}]`.
    let settings: [String]

    /// As kernel command line text; empty when nothing is overridden.
    ///
    /// - Parameter arguments: what replaces the program's arguments; nil leaves them.
    func commandLine(arguments: [Bytes]?) throws(CommandFailure) -> Bytes {
        let variables = try EnvironmentFlag.parse(environment)
        var members: [JSONMember] = []
        for setting in settings {
            members.append(try member(setting))
        }
        if let hostname {
            members.append(JSONMember(Bytes("hostname".utf8), .text(hostname)))
        }
        if !variables.isEmpty {
            members.append(
                JSONMember(
                    Bytes("env".utf8),
                    .object(variables.map { JSONMember($0.name, .bytes($0.value)) })))
        }
        do {
            return try KernelCommandLine.encode(override: .object(members), arguments: arguments)
        } catch {
            throw CommandFailure(.usage, error.description)
        }
    }

    private func member(_ setting: String) throws(CommandFailure) -> JSONMember {
        let bytes = Bytes(setting.utf8)
        guard let equals = bytes.firstIndex(of: UInt8(ascii: "=")), equals > 0 else {
            throw CommandFailure(.usage, "--set wants KEY=VALUE, not '\(setting)'")
        }
        let text = Bytes(bytes[(equals + 1)...])
        let value = (try? JSONValue.parse(text, file: [])) ?? .string(text)  // then it is text
        let keys = bytes[..<equals].split(separator: UInt8(ascii: ".")).map { Bytes($0) }
        guard let last = keys.last else {
            throw CommandFailure(.usage, "--set wants KEY=VALUE, not '\(setting)'")
        }
        return keys.dropLast().reversed().reduce(JSONMember(last, value)) { inner, key in
            JSONMember(key, .object([inner]))
        }
    }
}
