internal import Trees

/// What the loader would do when a program starts, without starting it: the program, its
/// interpreter, and breadth first every library they need (ld.so(8)).
struct ProgramLoad {
    struct Object {
        /// What was asked for: `libz.so.1`.
        let name: Bytes
        /// As the loader knows it; `$ORIGIN` is its directory.
        let path: Bytes
        let place: TreePath
        let content: Node.Content
        let elf: ELFFile
        /// Position in `objects` of the one that it was loaded for.
        let loader: Int?
        /// Position of the one that is the reason for it, which calls on the loader by way of
        /// others.
        let cause: Int?
        /// Why, for people: `DT_NEEDED libz.so.1`.
        let how: String
        /// Nil for the program itself.
        let walk: PathWalk?
        let source: LibraryFinder.Source
    }

    enum Need {
        case needed
        case filter
        case auxiliary
        case audit
        /// Opened by the program itself, for this feature.
        case dlopen(feature: Bytes?)
        case nameService(String)

        func text(_ name: Bytes) -> String {
            let name = String(printable: name)
            switch self {
            case .needed: return "DT_NEEDED \(name)"
            case .filter: return "DT_FILTER \(name)"
            case .auxiliary: return "DT_AUXILIARY \(name)"
            case .audit: return "DT_AUDIT \(name)"
            case .dlopen(let feature):
                let purpose = feature.map { " for \(String(printable: $0))" } ?? ""
                return "dlopen \(name)\(purpose)"
            case .nameService(let words): return words
            }
        }
    }

    /// The program is the first.
    private(set) var objects: [Object] = []
    /// What it cannot start without.
    private(set) var missing: [MissingLibrary] = []
    let kind: LoaderKind

    private let finder: LibraryFinder
    private let standardDirectories: [Bytes]
    private let standardSource: LibraryFinder.Source
    private let muslFile: Bytes?
    /// By every name they were asked for, their DT_SONAME, and their path.
    private var indexOfName: [Bytes: Int] = [:]
    private var indexOfPlace: [TreePath: Int] = [:]
    private var interpreterIndex: Int?
    /// Objects before this one have what they need.
    private var settledCount = 0

    /// Objects in one process; browsers have some hundred.
    private static let objectLimit = 20_000

    init(
        of place: TreePath, content: Node.Content, elf: ELFFile, finder: LibraryFinder
    ) throws(TreeError) {
        self.finder = finder
        var interpreter: LibraryFinder.Found?
        var rejected: [TreePath] = []
        if let name = elf.interpreter {
            kind = LoaderKind(interpreter: name)
            interpreter = try finder.library(
                at: name, for: elf.machine, .path, rejected: &rejected)
        } else {
            kind = try LoaderKind(librariesNeeded: elf.needed, in: finder.tree)
        }
        if case .musl(let architecture) = kind {
            let own = try DefaultDirectories.musl(architecture: architecture, in: finder.tree)
            standardDirectories = own.directories
            standardSource = own.isThere ? .muslFile : .standard
            muslFile = own.isThere ? own.file : nil
        } else {
            standardDirectories = try finder.standardDirectories(
                for: elf.machine, loader: interpreter)
            standardSource = .standard
            muslFile = nil
        }
        add(
            Object(
                name: place.name, path: place.absolute, place: place, content: content, elf: elf,
                loader: nil, cause: nil, how: "", walk: nil, source: .path))
        guard let name = elf.interpreter else { return }
        if let interpreter {
            let how = "PT_INTERP \(String(printable: name))"
            interpreterIndex = add(Object(interpreter, name, loader: 0, cause: 0, how))
            indexOfName[name] = interpreterIndex
        } else {
            missing.append(
                MissingLibrary(
                    name: name, neededBy: place, how: "PT_INTERP", rejected: rejected))
        }
    }

    private var machine: ELFMachine { objects[0].elf.machine }
    private var isGlibc: Bool { !kind.isMusl }
    var hasInterpreter: Bool { interpreterIndex != nil }

    /// Loads everything that the objects which are there need.
    mutating func settle() throws(TreeError) {
        while settledCount < objects.count, objects.count < Self.objectLimit {
            let index = settledCount
            settledCount += 1
            let elf = objects[index].elf
            for name in elf.needed { try require(name, .needed, for: index) }
            for name in elf.filters { try require(name, .filter, for: index) }
            for name in elf.auxiliaries { _ = try load(name, .auxiliary, for: index) }
            for name in elf.audits { _ = try load(name, .audit, for: index) }
        }
    }

    /// Loads a library, or notes that it is missing.
    mutating func require(
        _ name: Bytes, _ need: Need, for index: Int
    ) throws(TreeError) {
        let search = try load(name, need, for: index)
        guard search.index == nil else { return }
        let how: String =
            switch need {
            case .needed: "DT_NEEDED"
            case .filter: "DT_FILTER"
            default: need.text(name)
            }
        missing.append(
            MissingLibrary(
                name: name, neededBy: objects[index].place, how: how, searched: search.searched,
                rejected: search.rejected))
    }

    struct Search {
        /// Position in `objects`; nil when it was not found.
        var index: Int?
        var searched: [Bytes] = []
        var rejected: [TreePath] = []
    }

    /// Loads a library for an object unless it is loaded already.
    ///
    /// - Parameter cause: the object that is the reason, where that is another.
    mutating func load(
        _ name: Bytes, _ need: Need, for index: Int, because cause: Int? = nil
    ) throws(TreeError) -> Search {
        if let known = indexOfName[name] { return Search(index: known) }
        if kind.isBuiltIn(name), let interpreterIndex { return Search(index: interpreterIndex) }
        var search = Search()
        guard let found = try find(name, for: index, &search) else { return search }
        let position =
            indexOfPlace[found.place]
            ?? add(Object(found, name, loader: index, cause: cause ?? index, need.text(name)))
        indexOfName[name] = position
        search.index = position
        return search
    }

    @discardableResult
    private mutating func add(_ object: Object) -> Int {
        let index = objects.count
        objects.append(object)
        indexOfPlace[object.place] = index
        for name in [object.path, object.elf.soname].compactMap({ $0 })
        where indexOfName[name] == nil {
            indexOfName[name] = index
        }
        return index
    }

    // MARK: Where a library is looked for

    private func find(
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

    /// /etc/ld-musl-ARCH.path, where it is there.
    var listOfDirectories: Bytes? { muslFile }
}

extension ProgramLoad.Object {
    fileprivate init(
        _ found: LibraryFinder.Found, _ name: Bytes, loader: Int, cause: Int, _ how: String
    ) {
        self.init(
            name: name, path: found.path, place: found.place, content: found.content,
            elf: found.elf, loader: loader, cause: cause, how: how, walk: found.walk,
            source: found.source)
    }
}
