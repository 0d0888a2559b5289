internal import SystemPackage

/// A kernel's build configuration, as distributions install it: /boot/config-VERSION, a build
/// tree's .config, /proc/config.gz unpacked. Lines are `CONFIG_X=value`; everything else is
/// comment, and an option that is not named is not set.
public struct KernelConfiguration: Equatable, Sendable {
    public enum Value: Equatable, Sendable {
        case builtin
        case module
        /// A number or a quoted text, as it stands.
        case other(String)
        case notSet
    }

    private var values: [String: Value] = [:]

    /// Nil when the bytes hold no option at all: then they are not a configuration, and every
    /// question would be answered "not set".
    public init?(_ bytes: [UInt8]) {
        for line in bytes.split(separator: UInt8(ascii: "\n"))
        where line.starts(with: "CONFIG_".utf8) {
            guard let equals = line.firstIndex(of: UInt8(ascii: "=")) else { continue }
            let value = String(decoding: line[(equals + 1)...], as: UTF8.self)
            values[String(decoding: line[..<equals], as: UTF8.self)] =
                switch value {
                case "y": .builtin
                case "m": .module
                case "n": .notSet
                default: .other(value)
                }
        }
        if values.isEmpty { return nil }
    }

    /// The value of an option, named with its prefix: `CONFIG_SQUASHFS`.
    public subscript(option: String) -> Value { values[option] ?? .notSet }

    static func read(_ path: FilePath) throws(KernelsError) -> KernelConfiguration {
        guard let configuration = KernelConfiguration(try readFile(path)) else {
            throw .notAConfiguration(path: path)
        }
        return configuration
    }
}
