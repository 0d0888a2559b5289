internal import SystemPackage
internal import Tools

/// A Debian package in one version.
struct DebianPackage: Equatable, Sendable {
    let name: String
    let version: String
}

/// The machine's package sources, asked for kernels.
struct PackageSource {
    private let apt: PrivateApt

    /// Prepares apt's directories below `state`, an absolute path. `environment` is added to ours:
    /// APT_CONFIG there can name other sources.
    init(state: FilePath, environment: [String: String] = [:]) throws(KernelsError) {
        apt = try asKernelsError { () throws(FileFailure) in
            try PrivateApt(state: state, architecture: "amd64", environment: environment)
        }
    }

    /// Brings the package lists up to date, to look for `package`. What apt complains about when it
    /// could not reach every source, nil when all went well.
    func refresh(for package: String) async throws(KernelsError) -> String? {
        // On a full disk apt does not fail but wait for ever, so it must not come to that.
        try needSpace(packageListsByteCount, for: package)
        let (result, trouble) = try await asKernelsError(of: "apt", for: package) {
            () async throws(ToolError) in try await apt.update()
        }
        if result.mentionsFullDisk {
            throw .fetchFailed(package: package, reason: .noSpace(apt.state))
        }
        return trouble
    }

    /// Throws when the file system with our state has less room than that.
    func needSpace(_ byteCount: Int, for package: String) throws(KernelsError) {
        let available = try availableByteCount(at: apt.state)
        guard available >= byteCount else {
            throw .fetchFailed(
                package: package,
                reason: .littleSpace(
                    apt.state, availableByteCount: available, neededByteCount: byteCount))
        }
    }

    /// The fields of the candidate version of a package; nil when no source has it.
    func fields(of package: String) async throws(KernelsError) -> [String: String]? {
        let result = try await run("apt-cache", ["show", "--no-all-versions", package])
        let fields = controlFields(result.output)
        return result.status == 0 && fields["Package"] != nil ? fields : nil
    }

    /// Downloads a package into `directory` and gives its file.
    func download(
        _ package: DebianPackage, into directory: FilePath
    ) async throws(KernelsError) -> FilePath {
        let name = "\(package.name)=\(package.version)"
        let result = try await run("apt-get", ["download", name], in: directory)
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

    private func run(
        _ tool: String, _ arguments: [String], in directory: FilePath? = nil
    ) async throws(KernelsError) -> ToolResult {
        try await asKernelsError(of: "apt", for: arguments.last ?? tool) {
            () async throws(ToolError) in try await apt.run(tool, arguments, in: directory)
        }
    }
}

/// The names in a Depends field, in order; of alternatives the first. Versions are left to apt.
func dependencyNames(_ field: String) -> [String] {
    field.split(separator: ",").compactMap { item in
        item.split(separator: "|").first?.split { " (:".contains($0) }.first.map(String.init)
    }
}

/// Runs a tool of the Debian package `owner`; a failure is one of fetching `package`.
func asKernelsError<Result: Sendable>(
    of owner: String, for package: String,
    _ operation: () async throws(ToolError) -> Result
) async throws(KernelsError) -> Result {
    do {
        return try await operation()
    } catch {
        switch error {
        case .notInstalled(let name):
            throw .toolMissing(name: name, package: owner)
        case .notRun(let name, let detail):
            throw .fetchFailed(
                package: package, reason: .toolFailed(tool: name, status: -1, detail: detail))
        }
    }
}
