public import SystemPackage

/// apt with a state of our own: sources, keys, proxies and preferences are the system's unless
/// options say otherwise, lists and downloads are ours, no package counts as installed, and nothing
/// needs root.
public struct PrivateApt: Sendable {
    public let state: FilePath
    private let options: [String]
    private let environment: [String: String]

    /// Where it puts the packages it downloads for an installation.
    public var archives: FilePath { state.appending("cache").appending("archives") }

    /// Prepares apt's directories below `state`, an absolute path. `settings` are lines of
    /// apt.conf(5), read after the system's. `environment` is added to ours: APT_CONFIG there can
    /// name other sources.
    public init(
        state: FilePath, architecture: String, settings: [String] = [],
        environment: [String: String] = [:]
    ) throws(FileFailure) {
        self.state = state
        self.environment = environment
        let lists = state.appending("lists")
        let cache = state.appending("cache")
        try makeDirectories(lists.appending("partial"))
        try makeDirectories(cache.appending("archives").appending("partial"))
        try writeFile("", to: state.appending("status"))
        // Hooks of the system's configuration are about the system's own lists and packages.
        // Lists are only emptied by a file, and only by one read after the system's (-c).
        let configuration = state.appending("apt.conf")
        let lines =
            [
                "#clear APT::Update::Pre-Invoke;", "#clear APT::Update::Post-Invoke;",
                "#clear APT::Update::Post-Invoke-Success;", "#clear APT::Architectures;",
                "APT::Architectures { \"\(architecture)\"; };",
            ] + settings
        try writeFile(lines.joined(separator: "\n") + "\n", to: configuration)
        options =
            ["-q", "-c", configuration.string]
            + [
                "APT::Architecture=\(architecture)", "APT::Sandbox::User=root",
                "Acquire::Languages=none", "Acquire::Retries=2", "Acquire::http::Timeout=30",
                "Dir::State=\(state)", "Dir::State::lists=\(lists)",
                "Dir::State::status=\(state.appending("status"))", "Dir::Cache=\(cache)",
            ].flatMap { ["-o", $0] }
    }

    /// Runs one of apt's tools to its end.
    public func run(
        _ tool: String, _ arguments: [String], in directory: FilePath? = nil
    ) async throws(ToolError) -> ToolResult {
        try await runTool(tool, options + arguments, in: directory, environment: environment)
    }

    /// Brings the package lists up to date. What apt complains about when it could not reach every
    /// source, nil when all went well: one broken source out of many need not stop anybody.
    public func update() async throws(ToolError) -> (result: ToolResult, trouble: String?) {
        let result = try await run("apt-get", ["update"])
        let isFine = result.status == 0 && !result.messages.contains("Failed to fetch")
        return (result, isFine ? nil : result.complaint)
    }
}

/// The fields of one stanza of a control file (deb822(5)), continuation lines left out.
public func controlFields(_ text: some StringProtocol) -> [String: String] {
    var fields: [String: String] = [:]
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
        if line.isEmpty && !fields.isEmpty { break }
        guard let colon = line.firstIndex(of: ":"), line.first != " " else { continue }
        let value = line[line.index(after: colon)...].drop { $0 == " " }
        fields[String(line[..<colon])] = String(value)
    }
    return fields
}

/// deb-control(5): lower case letters, digits, plus, minus and dots, beginning with a letter or a
/// digit. Whatever else a user types must not reach apt, to which a leading minus is an option.
public func isPackageName(_ name: some StringProtocol) -> Bool {
    let letters = UInt8(ascii: "a")...UInt8(ascii: "z")
    let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
    let isPlain = { (byte: UInt8) in letters.contains(byte) || digits.contains(byte) }
    guard name.utf8.count >= 2, let first = name.utf8.first, isPlain(first) else { return false }
    return name.utf8.allSatisfy { isPlain($0) || "+-.".utf8.contains($0) }
}

/// Room for the lists of a machine with a few more sources than Debian's own (45 MiB).
public let packageListsByteCount = 96 << 20
