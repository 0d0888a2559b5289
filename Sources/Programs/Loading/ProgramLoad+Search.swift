internal import Trees

/// Where a library is looked for, in the order of ld.so(8).
extension ProgramLoad {
    func find(
        _ name: Bytes, for index: Int, _ search: inout Search
    ) throws(TreeError) -> LibraryFinder.Found? {
        let paths = SearchPath(machine: machine, loader: kind)
        if name.contains(UInt8(ascii: "/")) {
            for path in paths.expand(name, origin: origin(of: index))
            where path.first == UInt8(ascii: "/") {
                if let found = try finder.library(
                    at: path, for: machine, .path, rejected: &search.rejected)
                {
                    return found
                }
            }
            return nil
        }
        for (path, source, owner) in ownPaths(of: index) {
            let directories = paths.directories(path, origin: origin(of: owner))
            if let found = try find(name, in: directories, source, &search) { return found }
        }
        let skipsDefaults = isGlibc && objects[index].elf.skipsDefaultDirectories
        if isGlibc, let found = try findByCache(name, skipsDefaults: skipsDefaults, &search) {
            return found
        }
        if let muslFile { search.searched.append(muslFile) }
        if skipsDefaults { return nil }
        return try find(name, in: standardDirectories, standardSource, &search)
    }

    /// Search paths of the object itself and those it inherits, with the object each is of.
    ///
    /// glibc: DT_RPATH of the object and of those it was loaded for, unless it has a DT_RUNPATH,
    /// which is its alone. musl makes no difference between the two and inherits both.
    private func ownPaths(of index: Int) -> [(Bytes, LibraryFinder.Source, owner: Int)] {
        var paths: [(Bytes, LibraryFinder.Source, owner: Int)] = []
        let runpath = objects[index].elf.runpath
        if let runpath, isGlibc { return [(runpath, .runpath, index)] }
        var owner: Int? = index
        while let current = owner {
            let elf = objects[current].elf
            if let path = isGlibc ? elf.rpath : elf.runpath ?? elf.rpath {
                paths.append((path, .rpath, current))
            }
            owner = objects[current].loader
        }
        return paths
    }

    private func find(
        _ name: Bytes, in directories: [Bytes], _ source: LibraryFinder.Source,
        _ search: inout Search
    ) throws(TreeError) -> LibraryFinder.Found? {
        for directory in directories {
            if !search.searched.contains(directory) { search.searched.append(directory) }
            let path = directory + [UInt8(ascii: "/")] + name
            if let found = try finder.library(
                at: path, for: machine, source, rejected: &search.rejected)
            {
                return found
            }
        }
        guard isGlibc else { return nil }
        for directory in directories {
            for path in try finder.variants(of: name, in: directory) {
                if let found = try finder.library(
                    at: path, for: machine, source, rejected: &search.rejected)
                {
                    return found
                }
            }
        }
        return nil
    }

    private func findByCache(
        _ name: Bytes, skipsDefaults: Bool, _ search: inout Search
    ) throws(TreeError) -> LibraryFinder.Found? {
        guard let cache = try finder.cache(for: machine) else {
            let configured = try finder.configuredDirectories()
            return try find(name, in: configured, .configuration, &search)
        }
        search.searched.append(LibraryCache.path.absolute)
        for path in cache.paths(of: name, for: machine) {
            if skipsDefaults, standardDirectories.contains(Self.directory(of: path)) { continue }
            if let found = try finder.library(
                at: path, for: machine, .cache, rejected: &search.rejected)
            {
                return found
            }
        }
        return nil
    }

    private func origin(of index: Int) -> Bytes {
        let directory = Self.directory(of: objects[index].path)
        return directory.isEmpty ? [UInt8(ascii: "/")] : directory
    }

    static func directory(of path: Bytes) -> Bytes {
        Bytes(path[..<(path.lastIndex(of: UInt8(ascii: "/")) ?? 0)])
    }

    /// Whether the loader comes upon the library by itself: without a list of files or directories
    /// that must be in the image too.
    func isFoundWithoutLists(_ object: Object) -> Bool {
        switch object.source {
        case .cache, .configuration:
            standardDirectories.contains(Self.directory(of: object.path))
        case .muslFile: false
        default: true
        }
    }
}
