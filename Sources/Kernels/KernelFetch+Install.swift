internal import SystemPackage
internal import Tools

extension KernelFetch {
    /// Downloads and unpacks into a directory beside the kernels, checks what came, and renames it
    /// into place. The caller holds the lock, so a leftover of an interrupted fetch can go.
    func install(
        _ packages: KernelPackages, requested: String, from apt: PackageSource,
        _ progress: (Step) -> Void
    ) async throws(KernelsError) -> KernelRecord {
        let work = try absolute(cache.kernelsPath).appending(".fetch")
        try removeTree(work)
        try apt.needSpace(packages.byteCount, for: packages.kernel.name)
        do {
            let record = try await install(
                packages, requested: requested, from: apt, in: work, progress)
            try removeTree(work)
            return record
        } catch {
            try removeTree(work)
            throw error
        }
    }

    private func install(
        _ packages: KernelPackages, requested: String, from apt: PackageSource, in work: FilePath,
        _ progress: (Step) -> Void
    ) async throws(KernelsError) -> KernelRecord {
        let files = work.appending("files")
        try makeDirectories(files)
        for package in [packages.kernel] + packages.modules {
            progress(.downloading(package: package.name))
            let archive = try await apt.download(package, into: work)
            progress(.unpacking(package: package.name))
            try await unpack(archive, of: package, into: files)
        }
        let version = try arrange(files, in: work, from: packages.kernel)
        let record = KernelRecord(
            package: packages.kernel, requested: requested,
            bundle: cache.cachedBundle(version: version))
        try writeFile(record.text, to: work.appending("kernel").appending("package"))

        // A newer build of the same release replaces the older one.
        let target = cache.kernelsPath.appending(version)
        try removeTree(files)
        if kind(of: target) != .absent { try moveFile(target, to: files) }
        try moveFile(work.appending("kernel"), to: target)
        return record
    }

    private func unpack(
        _ archive: FilePath, of package: DebianPackage, into directory: FilePath
    ) async throws(KernelsError) {
        let result = try await asKernelsError(of: "dpkg", for: package.name) {
            () async throws(ToolError) in
            try await runTool("dpkg-deb", ["-x", archive.string, directory.string])
        }
        if result.mentionsFullDisk {
            throw .fetchFailed(package: package.name, reason: .noSpace(directory))
        }
        guard result.status == 0 else {
            throw .fetchFailed(
                package: package.name,
                reason: .toolFailed(
                    tool: "dpkg-deb", status: result.status, detail: result.complaint))
        }
    }

    /// Moves what we keep of the unpacked files to `work/kernel`, in the cache's layout, and gives
    /// the kernel's release.
    private func arrange(
        _ files: FilePath, in work: FilePath, from package: DebianPackage
    ) throws(KernelsError) -> String {
        func absent(_ what: String) -> KernelsError {
            .fetchFailed(package: package.name, reason: .notInPackage(what))
        }
        let kernel = work.appending("kernel")
        let boot = files.appending("boot")
        try makeDirectories(kernel)
        let names = kind(of: boot) == .directory ? try namesInDirectory(boot) : []
        guard let name = names.first(where: { $0.hasPrefix("vmlinuz-") }) else {
            throw absent("kernel")
        }
        let version = String(name.dropFirst("vmlinuz-".count))
        try moveFile(boot.appending(name), to: kernel.appending("vmlinuz"))
        _ = try KernelImage.read(kernel.appending("vmlinuz"))

        let configuration = boot.appending("config-" + version)
        guard kind(of: configuration) == .file else { throw absent("configuration") }
        try moveFile(configuration, to: kernel.appending("config"))

        let folders = ["lib/modules", "usr/lib/modules"].map {
            files.appending($0).appending(version)
        }
        guard let modules = folders.first(where: { kind(of: $0) == .directory }) else {
            throw absent("modules")
        }
        try moveFile(modules, to: kernel.appending("modules"))

        let copyright = files.appending("usr/share/doc").appending(package.name)
            .appending("copyright")
        if kind(of: copyright) == .file {
            try moveFile(copyright, to: kernel.appending("copyright"))
        }
        return version
    }
}

/// Where a kernel of the cache came from, kept beside it in the file `package`:
/// "NAME VERSION for REQUESTED".
struct KernelRecord: Equatable, Sendable {
    let package: DebianPackage
    /// The name given to the fetch: the metapackage.
    let requested: String
    let bundle: KernelBundle

    var text: String { "\(package.name) \(package.version) for \(requested)\n" }
}

extension KernelCache {
    /// Those kernels of the cache that were fetched, newest first; others may have been put there
    /// by hand.
    func records() throws(KernelsError) -> [KernelRecord] {
        var records: [KernelRecord] = []
        for bundle in try list() {
            let file = kernelsPath.appending(bundle.version).appending("package")
            guard kind(of: file) == .file else { continue }
            let words = String(decoding: try readFile(file), as: UTF8.self)
                .split { $0 == " " || $0 == "\n" }.map(String.init)
            guard words.count == 4 else { continue }
            records.append(
                KernelRecord(
                    package: DebianPackage(name: words[0], version: words[1]),
                    requested: words[3], bundle: bundle))
        }
        return records
    }

    func cachedBundle(version: String) -> KernelBundle {
        let folder = kernelsPath.appending(version)
        return KernelBundle(
            kernelPath: folder.appending("vmlinuz"), version: version,
            configurationPath: folder.appending("config"),
            modulesPath: folder.appending("modules"))
    }
}
