internal import BakeContract
internal import Baking

/// The flags of `bake run` that lay something over the baked configuration.
struct OverrideFlags {
    let environment: [String]
    let hostname: String?
    /// `net` as a whole.
    let network: JSONValue?
    /// `blk` as a whole.
    let disks: JSONValue?
    /// `KEY=VALUE`, keys dotted: `root=ro`, `rc=[{"bin":"/bin/sh"}]`.
    let settings: [String]

    /// As a merge patch; empty when nothing is overridden.
    func patch() throws(CommandFailure) -> JSONValue {
        let variables = try EnvironmentFlag.parse(environment)
        var patch = try SettingFlag.patch(of: settings, flag: "--set")
        if let network { patch.add(.object([JSONMember(Bytes("net".utf8), network)])) }
        if let disks { patch.add(.object([JSONMember(Bytes("blk".utf8), disks)])) }
        if let hostname {
            patch.add(.object([JSONMember(Bytes("hostname".utf8), .text(hostname))]))
        }
        if !variables.isEmpty {
            let environment = variables.map { JSONMember($0.name, .bytes($0.value)) }
            patch.add(.object([JSONMember(Bytes("env".utf8), .object(environment))]))
        }
        return patch
    }
}
