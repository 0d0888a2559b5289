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

    let finder: LibraryFinder
    let standardDirectories: [Bytes]
    let standardSource: LibraryFinder.Source
    /// /etc/ld-musl-ARCH.path, where it is there.
    let muslFile: Bytes?
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

    var machine: ELFMachine { objects[0].elf.machine }
    var isGlibc: Bool { !kind.isMusl }
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
