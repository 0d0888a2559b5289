public import Foundation

/// One corpus of configurations, good and bad, that the host's code and the guest's binary read:
/// Tests/BakeContractTests/Fixtures. `NAME.json` is the baked configuration, `NAME.json.cmdline`,
/// `NAME.json.fw_cfg` and so on (where there are any) what the platform says beside it,
/// `NAME.verdict` what `ConfigurationVerdict` says of all of them at boot. A name that begins with `should-fail-` is refused.
public struct ConfigurationCorpus: Sendable {
    public struct Case: Sendable, CustomStringConvertible {
        public var name: String
        public var configuration: [UInt8]
        /// By suffix: `.cmdline`, `.fw_cfg`.
        public var companions: [String: [UInt8]] = [:]

        public var isRefused: Bool { name.hasPrefix("should-fail-") }
        public var description: String { name }
    }

    public static let directory = URL(
        fileURLWithPath: "\(StagedBake.repository)/Tests/BakeContractTests/Fixtures")

    /// What may stand beside a configuration.
    public static let suffixes = [
        ".cmdline", ".seed", ".seed-meta", ".ec2", ".gcp", ".smbios", ".fw_cfg", ".xenstore",
    ]

    public static func cases() throws -> [Case] {
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path)
            .filter { $0.hasSuffix(".json") }.map { String($0.dropLast(5)) }.sorted()
        return try names.map { name in
            var sample = Case(name: name, configuration: try bytes("\(name).json") ?? [])
            for suffix in suffixes {
                sample.companions[suffix] = try bytes("\(name).json\(suffix)")
            }
            return sample
        } + generated
    }

    /// Too large to keep as files; their verdicts are files all the same.
    private static let generated = [
        Case(
            name: "should-fail-depth-100000-lists",
            configuration: Array(repeating: UInt8(ascii: "["), count: 100_000)),
        Case(
            name: "should-fail-depth-100000-objects",
            configuration: Array(String(repeating: "{\"a\":", count: 100_000).utf8)),
        Case(
            name: "should-fail-two-megabytes",
            configuration: Array(
                "{\"hostname\":\"\(String(repeating: "a", count: 2 << 20))\"}".utf8)),
        Case(
            name: "should-fail-sixty-thousand-keys",
            configuration: Array(
                "{\((0..<60_000).map { "\"k\($0)\":1" }.joined(separator: ","))}".utf8)),
    ]

    public static func verdictFile(of name: String) -> URL {
        directory.appendingPathComponent("\(name).verdict")
    }

    private static func bytes(_ file: String) throws -> [UInt8]? {
        let url = directory.appendingPathComponent(file)
        guard FileManager.default.fileExists(atPath: url.path) else { return nil }
        return Array(try Data(contentsOf: url))
    }
}
