import Glibc
internal import SystemPackage

/// A Debian package in one version.
struct DebianPackage: Equatable, Sendable {
    let name: String
    let version: String
}

/// Room for the lists of a machine with a few more sources than Debian's own (45 MiB).
private let listsByteCount = 96 << 20

/// The machine's package sources, asked through apt with a state of our own: sources, keys,
/// proxies and preferences are the system's, lists and downloads are ours, and nothing needs root.
struct PackageSource {
    private let state: FilePath
    private let options: [String]
    private let environment: [String: String]

    /// Prepares apt's directories below `state`, an absolute path. `environment` is added to ours:
    /// APT_CONFIG there can name other sources.
    init(state: FilePath, environment: [String: String] = [:]) throws(KernelsError) {
        self.state = state
        self.environment = environment
        let lists = state.appending("lists")
        let cache = state.appending("cache")
        try makeDirectories(lists.appending("partial"))
        try makeDirectories(cache.appending("archives").appending("partial"))
        // No package counts as installed, whatever this machine has.
        try writeFile("", to: state.appending("status"))
        // Hooks of the system's configuration are about the system's own lists and packages.
        // Lists are only emptied by a file, and only by one read after the system's (-c).
        let configuration = state.appending("apt.conf")
        try writeFile(
            """
            #clear APT::Update::Pre-Invoke;
            #clear APT::Update::Post-Invoke;
            #clear APT::Update::Post-Invoke-Success;
            #clear APT::Architectures;
            APT::Architectures { "amd64"; };

            """, to: configuration)
        options =
            ["-q", "-c", configuration.string]
            + [
                "APT::Architecture=amd64", "APT::Sandbox::User=root",
                "Acquire::Languages=none", "Acquire::Retries=2", "Acquire::http::Timeout=30",
                "Dir::State=\(state)", "Dir::State::lists=\(lists)",
                "Dir::State::status=\(state.appending("status"))", "Dir::Cache=\(cache)",
            ].flatMap { ["-o", $0] }
    }

    /// Brings the package lists up to date, to look for `package`. What apt complains about when it could not reach
    /// every source, nil when all went well: one broken source out of many must not stop us.
    func refresh(for package: String) async throws(KernelsError) -> String? {
        // On a full disk apt does not fail but wait for ever, so it must not come to that.
        try needSpace(listsByteCount, for: package)
        let result = try await apt("apt-get", ["update"])
        if result.mentionsFullDisk { throw .fetchFailed(package: package, reason: .noSpace(state)) }
        if result.status == 0 && !result.messages.contains("Failed to fetch") { return nil }
        return result.complaint
    }

    /// Throws when the file system with our state has less room than that.
    func needSpace(_ byteCount: Int, for package: String) throws(KernelsError) {
        let available = try availableByteCount(at: state)
        guard available >= byteCount else {
            throw .fetchFailed(
                package: package,
                reason: .littleSpace(
                    state, availableByteCount: available, neededByteCount: byteCount))
        }
    }

    /// The fields of the candidate version of a package; nil when no source has it.
    func fields(of package: String) async throws(KernelsError) -> [String: String]? {
        let result = try await apt("apt-cache", ["show", "--no-all-versions", package])
        let fields = controlFields(result.output)
        return result.status == 0 && fields["Package"] != nil ? fields : nil
    }

    /// Downloads a package into `directory` and gives its file.
    func download(
        _ package: DebianPackage, into directory: FilePath
    ) async throws(KernelsError) -> FilePath {
        let name = "\(package.name)=\(package.version)"
        let result = try await apt("apt-get", ["download", name], in: directory)
        if result.mentionsFullDisk {
            throw .fetchFailed(package: package.name, reason: .noSpace(directory))
        }
        guard result.status == 0 else {
            throw .fetchFailed(
                package: package.name,
                reason: result.messages.contains("Failed to fetch")
                    ? .noNetwork(detail: result.complaint)
                    : .toolFailed(
                        tool: "apt-get", status: result.status, detail: result.complaint))
        }
        // apt writes the version's colon as %3a, so the name is looked up, not made.
        let files = try namesInDirectory(directory)
        guard let file = files.first(where: { $0.hasPrefix(package.name + "_") }) else {
            throw .fetchFailed(package: package.name, reason: .notInPackage("file"))
        }
        return directory.appending(file)
    }

    private func apt(
        _ tool: String, _ arguments: [String], in directory: FilePath? = nil
    ) async throws(KernelsError) -> ToolResult {
        try await runTool(
            tool, of: "apt", options + arguments, in: directory, environment: environment)
    }
}

extension ToolResult {
    var mentionsFullDisk: Bool {
        (messages + output).contains("No space left on device")
            || messages.contains("You don't have enough free space")
    }
}

/// The first stanza of a control file (deb822(5)), continuation lines left out.
func controlFields(_ text: String) -> [String: String] {
    var fields: [String: String] = [:]
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
        if line.isEmpty && !fields.isEmpty { break }
        guard let colon = line.firstIndex(of: ":"), line.first != " " else { continue }
        let value = line[line.index(after: colon)...].drop { $0 == " " }
        fields[String(line[..<colon])] = String(value)
    }
    return fields
}

/// The names in a Depends field, in order; of alternatives the first. Versions are left to apt.
func dependencyNames(_ field: String) -> [String] {
    field.split(separator: ",").compactMap { item in
        item.split(separator: "|").first?.split { " (:".contains($0) }.first.map(String.init)
    }
}

/// deb-control(5): lower case letters, digits, plus, minus and dots, beginning with a letter or a
/// digit. Whatever else a user types must not reach apt, to which a leading minus is an option.
func isPackageName(_ name: String) -> Bool {
    let letters = UInt8(ascii: "a")...UInt8(ascii: "z")
    let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
    let isPlain = { (byte: UInt8) in letters.contains(byte) || digits.contains(byte) }
    guard name.utf8.count >= 2, let first = name.utf8.first, isPlain(first) else { return false }
    return name.utf8.allSatisfy { isPlain($0) || "+-.".utf8.contains($0) }
}
