public import SystemPackage
internal import Tools

/// Where kernels are kept, and how one is chosen.
///
///     CACHE/kernels/VERSION/vmlinuz
///                          /config
///                          /modules/          what the package has below /lib/modules/VERSION
///                          /package           where it came from: "NAME VERSION for METAPACKAGE"
///                          /copyright
public struct KernelCache: Sendable {
    /// The cache of all of bake.
    public let root: FilePath
    /// The directory the host's own files are looked up below, `/` but for tests.
    let hostRoot: FilePath

    /// Where the kernels are.
    public var kernelsPath: FilePath { root.appending("kernels") }

    public init(root: FilePath, hostRoot: FilePath = "/") {
        self.root = root
        self.hostRoot = hostRoot
    }

    /// `$BAKE_CACHE`, else `$XDG_CACHE_HOME/bake`, else `~/.cache/bake`. Nil when the environment
    /// has none of the three; empty variables count as absent, and so does a relative
    /// XDG_CACHE_HOME (XDG Base Directory Specification).
    public init?(environment: [String: String]) {
        if let path = environment["BAKE_CACHE"], !path.isEmpty {
            self.init(root: FilePath(path))
        } else if let path = environment["XDG_CACHE_HOME"], path.hasPrefix("/") {
            self.init(root: FilePath(path).appending("bake"))
        } else if let path = environment["HOME"], !path.isEmpty {
            self.init(root: FilePath(path).appending(".cache").appending("bake"))
        } else {
            return nil
        }
    }

    /// The kernels of the cache, newest first.
    public func list() throws(KernelsError) -> [KernelBundle] {
        guard kind(of: kernelsPath) == .directory else { return [] }
        return try namesInDirectory(kernelsPath)
            .filter { !$0.hasPrefix(".") }
            .filter { kind(of: kernelsPath.appending($0).appending("vmlinuz")) == .file }
            .sorted { isVersion($1, before: $0) }
            .map { bundle(of: kernelsPath.appending($0).appending("vmlinuz"), version: $0) }
    }

    /// The host's kernels in /boot that can be read, newest first. On Debian everybody can read
    /// them, on Ubuntu only root.
    public func hostKernels() throws(KernelsError) -> [KernelBundle] {
        let boot = hostRoot.appending("boot")
        guard kind(of: boot) == .directory, isReadable(boot) else { return [] }
        return try namesInDirectory(boot)
            .filter { $0.hasPrefix("vmlinuz-") && kind(of: boot.appending($0)) == .file }
            .filter { isReadable(boot.appending($0)) }
            .map { String($0.dropFirst("vmlinuz-".count)) }
            .sorted { isVersion($1, before: $0) }
            .map { bundle(of: boot.appending("vmlinuz-" + $0), version: $0) }
    }

    /// The kernel that `-k` names, or the default one.
    ///
    /// - nil: the newest of the cache, else the newest of the host.
    /// - a path (with a slash, or of a file that is there): that file, or the `vmlinuz` in that
    ///   directory; configuration and modules are looked up where distributions put them.
    /// - a name: a version in the cache, else of the host.
    public func resolve(_ nameOrPath: String?) throws(KernelsError) -> KernelBundle {
        let known = try list() + hostKernels()
        guard let nameOrPath else {
            guard let newest = known.first else { throw .noKernel(cache: kernelsPath) }
            return newest
        }
        if !nameOrPath.contains("/"), let named = known.first(where: { $0.version == nameOrPath }) {
            return named
        }
        let path = FilePath(nameOrPath)
        switch kind(of: path) {
        case .directory where nameOrPath.contains("/"): return try read(path.appending("vmlinuz"))
        case .absent where !nameOrPath.contains("/"):
            throw .unknownKernel(name: nameOrPath, known: known.map(\.version))
        default: return try read(path)
        }
    }

    private func read(_ path: FilePath) throws(KernelsError) -> KernelBundle {
        bundle(of: path, version: try KernelImage.read(path).version)
    }

    /// Looks up what belongs to a kernel: beside it (the cache's own layout, a build's, or
    /// Fedora's /lib/modules/VERSION/vmlinuz), in the same root (an unpacked package), on the host.
    private func bundle(of kernel: FilePath, version: String) -> KernelBundle {
        let folder = kernel.removingLastComponent()
        let parent = folder.isEmpty ? FilePath("..") : folder.appending("..").lexicallyNormalized()
        var modules = [folder.appending("modules")]
        if !version.isEmpty {
            modules += [parent, hostRoot].flatMap { root in
                ["lib/modules", "usr/lib/modules"].map { root.appending($0).appending(version) }
            }
        }
        let modulesPath =
            hasModules(folder) ? folder : modules.first { kind(of: $0) == .directory }

        var configurations: [FilePath] = []
        if !version.isEmpty { configurations.append(folder.appending("config-" + version)) }
        configurations.append(folder.appending("config"))
        if let modulesPath {
            configurations.append(modulesPath.appending("config"))
            configurations.append(modulesPath.appending("build").appending(".config"))
        }
        if !version.isEmpty {
            configurations.append(hostRoot.appending("boot").appending("config-" + version))
        }
        return KernelBundle(
            kernelPath: kernel, version: version,
            configurationPath: configurations.first { kind(of: $0) == .file && isReadable($0) },
            modulesPath: modulesPath)
    }
}

private func hasModules(_ folder: FilePath) -> Bool {
    kind(of: folder.appending("kernel")) == .directory
        && kind(of: folder.appending("modules.builtin")) == .file
}
