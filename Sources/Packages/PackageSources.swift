internal import SystemPackage
internal import Tools

/// Where packages are looked for.
enum PackageSources: Equatable {
    /// Wherever this machine's apt looks.
    case host
    /// Lines of sources.list(5).
    case lines([String])

    /// The host's own where they have the suite; else the mirror the user names; else the host's
    /// with the suite in place of theirs, since a mirror has them all.
    static func of(
        _ request: PackageRequest, host: HostSources
    ) async throws(PackageError) -> PackageSources {
        let suite = request.suite ?? host.codename
        if let mirror = request.mirror {
            return .lines([try line(mirror: mirror, suite: suite)])
        }
        guard let wanted = request.suite, wanted != host.codename else { return .host }
        let targets = try await host.targets()
        guard let own = targets.first?.baseSuite else { throw .noSources(suite: wanted) }
        if own == wanted { return .host }
        let lines = lines(of: targets, suite: wanted, insteadOf: own)
        guard !lines.isEmpty else { throw .noSources(suite: wanted) }
        return .lines(lines)
    }

    private static func line(mirror: String, suite: String?) throws(PackageError) -> String {
        guard mirror.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else {
            throw .badMirror(mirror)
        }
        if mirror.hasPrefix("deb ") { return mirror }
        guard mirror.contains(":/"), !mirror.contains(" ") else { throw .badMirror(mirror) }
        guard let suite else { throw .noSources(suite: nil) }
        return "deb \(mirror) \(suite) main"
    }

    /// Suites without a release have no updates of their own.
    private static let rolling = ["sid", "unstable", "experimental"]

    static func lines(
        of targets: [SourceTarget], suite: String, insteadOf own: String
    ) -> [String] {
        var lines: [String] = []
        for target in targets where target.baseSuite == own {
            let suffix = target.suite.dropFirst(own.count)
            if rolling.contains(suite) && !suffix.isEmpty { continue }
            let line = "deb \(target.uri) \(suite)\(suffix) \(target.component)"
            if !lines.contains(line) { lines.append(line) }
        }
        return lines
    }
}

/// One list of packages that apt reads.
struct SourceTarget: Equatable {
    let uri: String
    /// `bookworm-security`
    let suite: String
    let component: String

    /// `bookworm`
    var baseSuite: String { String(suite.prefix { $0 != "-" }) }

    init?(_ line: some StringProtocol) {
        let words = line.split(separator: " ")
        // A flat repository's suite is a path.
        guard words.count == 3, !words[1].contains("/") else { return nil }
        uri = String(words[0])
        suite = String(words[1])
        component = String(words[2])
    }
}

/// What this machine's apt is told about sources.
struct HostSources {
    let root: FilePath
    /// Added to ours: APT_CONFIG can name other sources.
    let environment: [String: String]

    /// The release the machine runs, as os-release(5) has it.
    var codename: String? {
        // A machine that does not say is one that must be told.
        let read = try? readFile(root.appending("etc/os-release"))  // as said above
        guard let bytes = read else { return nil }
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
            guard line.hasPrefix("VERSION_CODENAME=") else { continue }
            let name = line.dropFirst("VERSION_CODENAME=".count).filter { $0 != "\"" }
            return name.isEmpty ? nil : name
        }
        return nil
    }

    /// Everything of apt's configuration that decides which packages there are: what a request
    /// meant is forgotten when it changes. Files that cannot be read are as good as absent to
    /// apt, too.
    func text(configuredBy configuration: String?) -> [UInt8] {
        let apt = root.appending("etc/apt")
        var files = ["sources.list", "preferences"].map { apt.appending($0) }
        for folder in ["sources.list.d", "preferences.d"] {
            let path = apt.appending(folder)
            let names = (try? namesInDirectory(path)) ?? []  // as said above
            files += names.map { path.appending($0) }
        }
        if let configuration { files.append(FilePath(configuration)) }
        var text: [UInt8] = []
        for file in files {
            guard let bytes = try? readFile(file) else { continue }  // As said above.
            text += Array("\(file)\n".utf8) + bytes
        }
        return text
    }

    func targets() async throws(PackageError) -> [SourceTarget] {
        let result = try await asPackageError(of: "apt") { () async throws(ToolError) in
            try await runTool(
                "apt-get",
                [
                    "indextargets", "--no-release-info", "--format",
                    "$(REPO_URI) $(RELEASE) $(COMPONENT)", "Created-By: Packages",
                ], environment: environment)
        }
        guard result.status == 0 else {
            throw .toolFailed(tool: "apt-get", status: result.status, lines: result.lastLines)
        }
        return result.output.split(separator: "\n").compactMap { SourceTarget($0) }
    }
}
