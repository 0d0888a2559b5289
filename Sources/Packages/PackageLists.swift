internal import SystemPackage
internal import Tools

/// What the sources have, asked through apt with a state of our own.
struct PackageLists {
    private let apt: PrivateApt
    private let request: PackageRequest

    /// Where downloaded packages are, and the repository made of them.
    var archives: FilePath { apt.archives }

    /// Prepares apt's directories below `state`, an absolute path.
    init(
        of request: PackageRequest, from sources: PackageSources, state: FilePath,
        environment: [String: String]
    ) throws(PackageError) {
        self.request = request
        apt = try asPackageError { () throws(FileFailure) in
            try makeDirectories(state)
            var settings = [
                "APT::Install-Recommends \"false\";", "APT::Install-Suggests \"false\";",
                // To apt it is essential itself, which would bring it into every layer.
                "pkgCacheGen::ForceEssential \",\";",
            ]
            if case .lines(let lines) = sources {
                let list = state.appending("sources.list")
                try writeFile(lines.joined(separator: "\n") + "\n", to: list)
                settings += [
                    "Dir::Etc::sourcelist \"\(list)\";", "Dir::Etc::sourceparts \"-\";",
                    "Dir::Etc::trustedparts \"\(try trustedKeys(in: state))\";",
                ]
            }
            return try PrivateApt(
                state: state, architecture: request.architecture, settings: settings,
                environment: environment)
        }
    }

    /// Brings the lists up to date; says what could not be reached, when not all could.
    func update() async throws(PackageError) -> AptTrouble? {
        // On a full disk apt does not fail but wait for ever, so it must not come to that.
        try needSpace(packageListsByteCount)
        let (result, trouble) = try await asPackageError(of: "apt") {
            () async throws(ToolError) in try await apt.update()
        }
        if result.mentionsFullDisk { throw .noSpace(apt.state) }
        return trouble.map {
            AptTrouble(text: $0, failure: result.aptFailure(suite: request.suite))
        }
    }

    /// Throws when the file system with our state has less room than that.
    func needSpace(_ byteCount: Int) throws(PackageError) {
        let available = try asPackageError { () throws(FileFailure) in
            try availableByteCount(at: apt.state)
        }
        guard available >= byteCount else {
            throw .littleSpace(
                apt.state, availableByteCount: available, neededByteCount: byteCount)
        }
    }

    /// The exact packages that satisfy the request, sorted.
    func choose(_ requested: [RequestedPackage]) async throws(PackageError) -> [DebianPackage] {
        let words = try await words(requested)
        let result = try await run("apt-get", ["--simulate", "install"] + words)
        if let failure = result.choiceFailure {
            throw await namingNearest(failure)
        }
        guard result.status == 0 else {
            throw .toolFailed(tool: "apt-get", status: result.status, lines: result.lastLines)
        }
        let chosen = installedPackages(simulation: result.output)
        let missing = requested.filter { package in
            !chosen.contains { $0.name == package.name }
                && !result.output.contains("instead of '\(package.name)'")
        }
        // apt takes an unknown name with a dot in it for a regular expression.
        guard missing.isEmpty else {
            throw await namingNearest(
                .unknownPackages(missing.map { UnknownPackage(name: $0.name) }))
        }
        return chosen
    }

    private func words(_ requested: [RequestedPackage]) async throws(PackageError) -> [String] {
        var words =
            request.variant.patterns(architecture: request.architecture) + requested.map(\.text)
        // The tree has a merged /usr from the start. Without this package, init-system-helpers
        // asks for the one that would merge it, which needs all of perl.
        let merged = "usr-is-merged"
        if request.variant != .extract {
            let known = try await run("apt-cache", ["show", "--no-all-versions", merged])
            if known.status == 0 && !known.output.isEmpty { words.append(merged) }
        }
        return words
    }

    private func namingNearest(_ failure: PackageError) async -> PackageError {
        // Without the names the error is the same, only less helpful.
        guard case .unknownPackages(let unknown) = failure,
            let names = try? await run("apt-cache", ["pkgnames"]).output  // as said above
        else { return failure }
        let known = names.split(separator: "\n").map { Array($0.utf8) }.sorted {
            $0.lexicographicallyPrecedes($1)
        }
        return .unknownPackages(
            unknown.map { package in
                UnknownPackage(
                    name: package.name, nearest: nearestName(to: package.name, among: known))
            })
    }

    /// The records of the packages in the lists.
    func records(of packages: [DebianPackage]) async throws(PackageError) -> [PackageRecord] {
        let result = try await run("apt-cache", ["show"] + specifications(packages))
        let known = packageRecords(result.output)
        var records: [PackageRecord] = []
        for package in packages {
            guard let record = known[package] else {
                throw .toolFailed(
                    tool: "apt-cache", status: result.status,
                    lines: result.lastLines + ["no record of \(package.text)"])
            }
            records.append(record)
        }
        return records
    }

    /// Downloads the packages that are not here, and makes a repository of exactly these.
    func download(_ records: [PackageRecord]) async throws(PackageError) {
        try needSpace(records.reduce(0) { $0 + $1.neededByteCount })
        try removeOtherContents(than: records)
        let packages = records.map(\.package)
        let result = try await run(
            "apt-get", ["--yes", "--download-only", "install"] + specifications(packages))
        if result.mentionsFullDisk { throw .noSpace(apt.state) }
        guard result.status == 0 else { throw result.aptFailure(suite: request.suite) }
        // Versions no source has any more.
        _ = try await run("apt-get", ["autoclean"])
        let index = records.map(\.repositoryStanza).joined(separator: "\n")
        try asPackageError { () throws(FileFailure) in
            try writeFile(index, to: archives.appending("Packages"))
        }
    }

    /// apt takes a downloaded file of the right name and length for the package, which another
    /// source, or a damaged disk, may have given other contents.
    private func removeOtherContents(than records: [PackageRecord]) throws(PackageError) {
        for record in records {
            let path = archives.appending(record.package.fileName)
            guard kind(of: path) == .file else { continue }
            // What cannot be read is downloaded again.
            let digest = try? hexDigest(ofFileAt: path)  // as said above
            guard digest != record.sha256 else { continue }
            try asPackageError { () throws(FileFailure) in try removeTree(path) }
        }
    }

    private func specifications(_ packages: [DebianPackage]) -> [String] {
        packages.map { $0.specification(native: request.architecture) }
    }

    private func run(
        _ tool: String, _ arguments: [String]
    ) async throws(PackageError) -> ToolResult {
        try await asPackageError(of: "apt") { () async throws(ToolError) in
            try await apt.run(tool, arguments)
        }
    }
}

/// What apt said when not every source could be reached, and what it means if nothing else helps.
struct AptTrouble {
    let text: String
    let failure: PackageError
}

/// A directory with the keys apt trusts here and those of the distributions' archives, which newer
/// releases of Debian only trust for the sources that name them.
private func trustedKeys(in state: FilePath) throws(FileFailure) -> FilePath {
    let keys = state.appending("keys")
    try removeTree(keys)
    try makeDirectories(keys)
    let trusted: FilePath = "/etc/apt/trusted.gpg.d"
    let archives: FilePath = "/usr/share/keyrings"
    if kind(of: trusted) == .directory {
        for name in try namesInDirectory(trusted) {
            try makeLink(keys.appending(name), to: trusted.appending(name))
        }
    }
    if kind(of: archives) == .directory {
        for name in try namesInDirectory(archives) where name.hasSuffix("-archive-keyring.gpg") {
            try makeLink(keys.appending("of-" + name), to: archives.appending(name))
        }
    }
    return keys
}
