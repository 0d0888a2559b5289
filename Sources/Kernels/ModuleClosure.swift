public import SystemPackage

/// A module as it goes into an image.
public struct KernelModule: Equatable, Sendable {
    /// With underscores, without suffix: `dm_verity`.
    public let name: String
    public let path: FilePath
    public let bytes: [UInt8]
}

extension ModuleDirectory {
    /// The named modules with everything they depend on, in an order in which they can be
    /// loaded: as wanted, each behind what it needs. Modules that are part of the kernel are left
    /// out.
    ///
    /// Dependencies are those of modules.dep where there is one, else those the module names
    /// itself; soft dependencies (`softdep=pre:`) come first where they exist, as modprobe does.
    public func closure(of wanted: [String]) throws(KernelsError) -> [KernelModule] {
        var walk = ClosureWalk(directory: self)
        for name in wanted { try walk.visit(normalised(name), neededBy: nil) }
        return walk.modules
    }
}

private struct ClosureWalk {
    let directory: ModuleDirectory
    var modules: [KernelModule] = []
    private var done: Set<String> = []
    /// The modules from the wanted one down to the one being visited.
    private var trail: [String] = []

    init(directory: ModuleDirectory) { self.directory = directory }

    mutating func visit(_ name: String, neededBy: String?) throws(KernelsError) {
        if done.contains(name) { return }
        if let start = trail.firstIndex(of: name) { throw .moduleCycle(Array(trail[start...])) }
        guard let place = directory.place(of: name) else {
            throw .unknownModule(name: name, neededBy: neededBy, directory: directory.path)
        }
        guard case .file(let path) = place else { return }

        let bytes = try readModule(path)
        let information = try information(of: bytes, at: path)
        trail.append(name)
        for soft in information.softDependencies {
            for module in try directory.modules(for: soft) where !trail.contains(module) {
                try visit(module, neededBy: name)
            }
        }
        for dependency in directory.dependencies(of: name) ?? information.dependencies {
            try visit(normalised(dependency), neededBy: name)
        }
        trail.removeLast()
        done.insert(name)
        modules.append(KernelModule(name: name, path: path, bytes: bytes))
    }
}

private func readModule(_ path: FilePath) throws(KernelsError) -> [UInt8] {
    switch path.extension {
    case "ko": try readFile(path)
    default: throw .compressedModule(path: path, compression: path.extension ?? "unknown")
    }
}

private func information(
    of bytes: [UInt8], at path: FilePath
) throws(KernelsError) -> ModuleInformation {
    do {
        return try ModuleInformation(module: bytes)
    } catch {
        throw .badModule(path: path, reason: error.reason)
    }
}
