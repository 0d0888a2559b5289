/// `sysctl`, `limits`, `mounts` and `files`: what a service needs of a host.
extension Configuration {
    mutating func decodeHostSettings(
        _ root: JSONNode, _ unknown: inout [ConfigurationFault]
    ) throws(ConfigurationFault) {
        if let node = root["sysctl"] {
            for (name, value) in try node.members("an object of names and values") {
                kernelSettings.append(try Self.decodeKernelSetting(name, value))
            }
        }
        if let node = root["limits"] { limits = try Self.decodeLimits(node, &unknown) }
        if let node = root["mounts"] {
            for entry in try node.elements("a list of objects") {
                mounts.append(try Self.decodeMount(entry, &unknown))
            }
        }
        if let node = root["files"] {
            for (path, value) in try node.members("an object of paths and contents") {
                files.append(try Self.decodeFile(path, value, &unknown))
            }
        }
    }

    /// The first of `.` and `/` in a name is what parts it, as in sysctl(8).
    private static func decodeKernelSetting(
        _ name: Bytes, _ node: JSONNode
    ) throws(ConfigurationFault) -> KernelSetting {
        var path = name
        let mark = name.first { $0 == ASCII.dot || $0 == ASCII.slash }
        if mark == ASCII.dot {
            for index in path.indices {
                if path[index] == ASCII.dot {
                    path[index] = ASCII.slash
                } else if path[index] == ASCII.slash {
                    path[index] = ASCII.dot
                }
            }
        }
        for component in path.split(separator: ASCII.slash, omittingEmptySubsequences: false)
        where component.isEmpty || Bytes(component).equals("..") || component.contains(0) {
            throw node.fault("named by a name below /proc/sys, such as net.core.somaxconn")
        }
        if case .number(let digits) = node.value { return KernelSetting(path: path, value: digits) }
        let value = try node.string("a string or a number")
        return KernelSetting(path: path, value: value)
    }

    private static let resources: [(name: StaticString, number: Int32)] = [
        ("cpu", 0), ("fsize", 1), ("data", 2), ("stack", 3), ("core", 4), ("rss", 5), ("nproc", 6),
        ("nofile", 7), ("memlock", 8), ("as", 9), ("locks", 10), ("sigpending", 11),
        ("msgqueue", 12), ("nice", 13), ("rtprio", 14), ("rttime", 15),
    ]

    /// Of the whole configuration or of one program.
    static func decodeLimits(
        _ node: JSONNode, _ unknown: inout [ConfigurationFault]
    ) throws(ConfigurationFault) -> [ResourceLimit] {
        var limits: [ResourceLimit] = []
        for (name, value) in try node.members("an object of names and values") {
            limits.append(try decodeLimit(name, value, &unknown))
        }
        return limits
    }

    /// A number, `"unlimited"`, or `{"soft", "hard"}`.
    private static func decodeLimit(
        _ name: Bytes, _ node: JSONNode, _ unknown: inout [ConfigurationFault]
    ) throws(ConfigurationFault) -> ResourceLimit {
        guard let resource = resources.first(where: { name.equals($0.name) }) else {
            throw ConfigurationFault(
                path: node.path, isAboutKey: true,
                problem: .unknownKey(
                    node.path, nearest: nearest(to: name, among: resources.map { $0.name })))
        }
        guard node.value.members != nil else {
            let value = try decodeLimitValue(node)
            return ResourceLimit(name: name, resource: resource.number, soft: value, hard: value)
        }
        try node.checkKeys(["soft", "hard"], "an object", &unknown)
        let hardNode = try node.required("hard")
        let soft = try decodeLimitValue(try node.required("soft"))
        let hard = try decodeLimitValue(hardNode)
        guard soft <= hard else { throw hardNode.fault("at least as large as 'soft'") }
        return ResourceLimit(name: name, resource: resource.number, soft: soft, hard: hard)
    }

    private static func decodeLimitValue(
        _ node: JSONNode
    ) throws(ConfigurationFault) -> UInt64 {
        let mustBe: StaticString = "a whole number or \"unlimited\""
        if let word = node.value.string, word.equals("unlimited") { return .max }
        return UInt64(try node.integer(0...Int64.max, mustBe))
    }

    private static func decodeMount(
        _ node: JSONNode, _ unknown: inout [ConfigurationFault]
    ) throws(ConfigurationFault) -> ConfiguredMount {
        try node.checkKeys(["source", "mountpoint", "fstype", "options"], "an object", &unknown)
        var mount = ConfiguredMount(
            source: try node["source"]?.string() ?? [],
            mountPoint: try node.required("mountpoint").absolutePath(),
            fileSystem: try node["fstype"]?.string() ?? [],
            options: try node["options"]?.string() ?? [])
        if mount.isBind {
            _ = try node.required("source").absolutePath()
            mount.fileSystem = Bytes("none")
        } else {
            mount.fileSystem = try node.required("fstype").string()
            if node["source"] == nil { mount.source = mount.fileSystem }
        }
        return mount
    }

    /// Contents alone, or `{"content", "mode", "owner"}`.
    private static func decodeFile(
        _ path: Bytes, _ node: JSONNode, _ unknown: inout [ConfigurationFault]
    ) throws(ConfigurationFault) -> ConfiguredFile {
        _ = try JSONNode(value: .string(path), path: node.path).absolutePath()
        guard path.last != ASCII.slash else { throw node.fault("named by the path of a file") }
        var file = ConfiguredFile(path: path, contents: [], mode: 0o644, user: 0, group: 0)
        guard node.value.members != nil, node["base64"] == nil else {
            file.contents = try node.bytes()
            return file
        }
        try node.checkKeys(["content", "mode", "owner"], "an object", &unknown)
        file.contents = try node.required("content").bytes()
        if let mode = node["mode"] { file.mode = try decodeMode(mode) }
        if let owner = node["owner"] { (file.user, file.group) = try decodeOwner(owner) }
        return file
    }

    private static func decodeMode(
        _ node: JSONNode
    ) throws(ConfigurationFault) -> UInt32 {
        let mustBe: StaticString = "an octal string such as \"0640\""
        let digits = try node.string(mustBe)
        guard digits.count >= 3, digits.count <= 5 else { throw node.fault(mustBe) }
        var mode: UInt32 = 0
        for digit in digits {
            guard digit >= 0x30, digit <= 0x37 else { throw node.fault(mustBe) }
            mode = mode << 3 | UInt32(digit &- 0x30)
        }
        guard mode <= 0o7777 else { throw node.fault(mustBe) }
        return mode
    }

    private static func decodeOwner(
        _ node: JSONNode
    ) throws(ConfigurationFault) -> (UInt32, UInt32) {
        let mustBe: StaticString = "\"UID:GID\", two numbers"
        let parts = try node.string(mustBe).split(
            separator: ASCII.colon, omittingEmptySubsequences: false)
        guard parts.count == 2, let user = unsignedNumber(Bytes(parts[0])),
            let group = unsignedNumber(Bytes(parts[1])),
            user < UInt64(UInt32.max), group < UInt64(UInt32.max)
        else { throw node.fault(mustBe) }
        return (UInt32(user), UInt32(group))
    }
}
