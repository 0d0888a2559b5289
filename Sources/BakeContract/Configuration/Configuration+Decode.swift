extension Configuration {
    static let knownKeys: [StaticString] = [
        "arguments", "blk", "cmdline", "env", "files", "grace", "hostname", "init", "limits",
        "mounts", "net", "on_exit", "rc", "root", "sources", "sysctl", "verify",
    ]

    /// Reads a merged configuration: the shape of every key, whether or not this guest can do it.
    /// Unknown keys are noted in `unknown`: errors when an image is made, warnings at boot.
    static func decode(
        _ value: JSONValue, _ unknown: inout [ConfigurationFault]
    ) throws(ConfigurationFault) -> Configuration {
        let root = JSONNode(value: value, path: ConfigurationPath())
        guard value.members != nil else {
            throw ConfigurationFault(path: root.path, problem: .notAnObject)
        }
        try root.checkKeys(knownKeys, "an object", &unknown)

        var configuration = Configuration()
        configuration.workload = try decodeWorkload(root, &unknown)
        if let node = root["env"] { configuration.environment = try decodeEnvironment(node) }
        if let node = root["hostname"] { configuration.hostname = try decodeHostname(node) }
        if let node = root["net"] {
            configuration.interfaces = try decodeInterfaces(node, &unknown)
        }
        if let node = root["blk"] {
            for entry in try node.elements("a list of objects") {
                configuration.blockDevices.append(try decodeBlockDevice(entry, &unknown))
            }
        }
        if let node = root["root"] {
            configuration.isRootWritable = try node.choice("rw", "ro", "\"rw\" or \"ro\"")
        }
        if let node = root["verify"] {
            configuration.isVerified = try node.choice("on", "off", "\"on\" or \"off\"")
        }
        if let node = root["on_exit"] {
            let powersOff = try node.choice(
                "poweroff", "reboot", "\"poweroff\" or \"reboot\"")
            configuration.onExit = powersOff ? .powerOff : .reboot
        }
        if let node = root["grace"] {
            configuration.graceSeconds = Int(
                try node.integer(0...86400, "a number of seconds from 0 to 86400"))
        }
        try configuration.decodeHostSettings(root, &unknown)
        if let node = root["sources"] { configuration.sources = try decodeSources(node, &unknown) }
        return configuration
    }

    private static func decodeHostname(_ node: JSONNode) throws(ConfigurationFault)
        -> Bytes
    {
        let name = try node.string()
        let mustBe: StaticString =
            "a host name: 1 to 64 letters, digits, '-' and '.', a letter or digit first"
        guard isHostname(name) else { throw node.fault(mustBe) }
        return name
    }
}

extension JSONNode {
    /// Whether a string is the first of two words.
    func choice(
        _ first: StaticString, _ second: StaticString, _ mustBe: StaticString
    ) throws(ConfigurationFault) -> Bool {
        let word = try string(mustBe)
        if word.equals(first) { return true }
        if word.equals(second) { return false }
        throw fault(mustBe)
    }
}

func isLetterOrDigit(_ byte: UInt8) -> Bool {
    ASCII.isDigit(byte) || (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7a)
}

/// What `hostname` may be: 1 to 64 letters, digits, `-` and `.`, a letter or digit first.
func isHostname(_ name: Bytes) -> Bool {
    guard let first = name.first, name.count <= 64, isLetterOrDigit(first) else { return false }
    return name.allSatisfy { isLetterOrDigit($0) || $0 == ASCII.minus || $0 == ASCII.dot }
}
