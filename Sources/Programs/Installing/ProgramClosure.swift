internal import Glibc
internal import Trees

/// Everything that what was asked for needs, with the reason for each file.
struct ProgramClosure {
    let tree: any ProgramTree
    let finder: LibraryFinder
    private let leavingOut: Set<HostIdentity>

    private var nodes: [TreePath: Node] = [:]
    private var reasons: [TreePath: Reason] = [:]
    /// Files whose needs nobody has looked for yet.
    var pending: [Pending] = []
    private var examined: Set<TreePath> = []
    /// Scripts, and what runs them.
    var interpreters: [TreePath: TreePath] = [:]
    /// Each once, in the order in which they were noticed.
    private(set) var missing: [MissingLibrary] = []
    private var missingSet: Set<MissingLibrary> = []
    private var remarks: [ProgramRemark] = []
    private var remarkSet: Set<ProgramRemark> = []
    /// Libraries that only an ld.so.cache leads to.
    var listed: [TreePath: LibraryCache.Library] = [:]
    /// Databases of the name service switch that something was said about.
    var databasesSeen: Set<String> = []
    var nameServices: NameServices?
    private var failure: ProgramError?

    struct Pending {
        let place: TreePath
        let node: Node
        /// Somebody named it, as opposed to a directory it is in.
        let isAsked: Bool
    }

    init(in tree: any ProgramTree, leavingOut: Set<HostIdentity>) {
        self.tree = tree
        self.leavingOut = leavingOut
        finder = LibraryFinder(in: tree, usesConfiguration: true)
    }

    // MARK: What was asked for

    /// Brings what somebody named: a path, or a program by its name.
    mutating func ask(for path: String, sysroot: String?) throws(ProgramError) {
        do throws(TreeError) {
            try bring(asked: path, sysroot: sysroot)
        } catch {
            throw .tree(error)
        }
        if let failure { throw failure }
    }

    private mutating func bring(asked path: String, sysroot: String?) throws(TreeError) {
        let walk: PathWalk
        if path.utf8.contains(UInt8(ascii: "/")) || path == "." || path == ".." {
            let isRelative = sysroot == nil && path.utf8.first != UInt8(ascii: "/")
            let base = isRelative ? Self.workingDirectory + [UInt8(ascii: "/")] : []
            walk = try PathWalk(base + Bytes(path.utf8), in: tree)
        } else if let found = try program(named: Bytes(path.utf8)) {
            walk = found
        } else {
            failure = .unknownProgram(name: path, sysroot: sysroot)
            return
        }
        switch walk.end {
        case .tooManyLinks: failure = .tooManyLinks(path: path)
        case .missing(let missing):
            failure = .notFound(path: path, missing: missing, sysroot: sysroot)
        case .found(let place, let node):
            add(walk, .asked)
            if node.isDirectory {
                try bringTree(at: place)
            } else {
                pending.append(Pending(place: place, node: node, isAsked: true))
            }
        }
    }

    private static var workingDirectory: Bytes {
        guard let path = getcwd(nil, 0) else { return [] }
        defer { free(path) }
        return Bytes(UnsafeRawBufferPointer(start: path, count: strlen(path)))
    }

    /// A program by its name, as a shell would find it.
    func program(named name: Bytes) throws(TreeError) -> PathWalk? {
        for directory in ProgramDirectories.all {
            let walk = try PathWalk(directory + [UInt8(ascii: "/")] + name, in: tree)
            if let file = walk.file, file.node.permissions & 0o111 != 0 { return walk }
        }
        return nil
    }

    /// A directory with everything below it.
    private mutating func bringTree(at top: TreePath) throws(TreeError) {
        let reason = Reason.needed(by: top, how: "it is in the directory")
        var directories = [top]
        var links: [TreePath] = []
        while let directory = directories.popLast() {
            for name in try tree.names(in: directory) {
                let path = directory.appending(name)
                guard let node = try tree.node(at: path) else { continue }
                guard add(node, at: path, reason) else { continue }
                switch node.kind {
                case .directory: directories.append(path)
                case .symlink: links.append(path)
                case .regular: pending.append(Pending(place: path, node: node, isAsked: false))
                default: break
                }
            }
        }
        for link in links { try bringTarget(of: link, top: top) }
    }

    /// What a link in an installed directory leads to, where that is a file elsewhere. Links that
    /// lead nowhere stay as they are.
    private mutating func bringTarget(of link: TreePath, top: TreePath) throws(TreeError) {
        let walk = try PathWalk(link.absolute, in: tree)
        guard case .found(let place, let node) = walk.end, !top.contains(place)
        else { return }
        if node.isDirectory {
            if nodes[place] == nil { remark(.directoryLeftOut(link: link, directory: place)) }
            return
        }
        add(walk, .needed(by: top, how: "it is in the directory"))
        pending.append(Pending(place: place, node: node, isAsked: false))
    }

    // MARK: What they need

    /// Looks for the needs of everything that was brought, until there is nothing new.
    mutating func bringNeeds() throws(TreeError) {
        while !pending.isEmpty {
            let batch = pending
            pending = []
            for file in batch where examined.insert(file.place).inserted {
                try bringNeeds(of: file)
            }
        }
        if let script = interpreters.keys.sorted().first(where: hasTooManyInterpreters) {
            failure = failure ?? .tooManyInterpreters(script)
        }
    }

    private mutating func bringNeeds(of file: Pending) throws(TreeError) {
        guard case .regular(let content) = file.node.kind else { return }
        let head = try content.head(ScriptLine.headByteCount)
        if let line = ScriptLine(head) {
            if file.node.permissions & 0o111 != 0 { try bringInterpreter(line, of: file) }
            return
        }
        switch try finder.reading(of: content, at: file.place) {
        case .notELF: break
        case .damaged(let flaw) where file.isAsked:
            failure = failure ?? .damaged(file.place, flaw)
        case .damaged(let flaw): remark(.damaged(file.place, flaw))
        case .file(let elf):
            if elf.kind != .other { try bringLibraries(of: elf, content, at: file.place) }
        }
    }

    private func hasTooManyInterpreters(_ script: TreePath) -> Bool {
        var place = script
        for _ in 0..<ScriptLine.nestingLimit {
            guard let next = interpreters[place] else { return false }
            place = next
        }
        return interpreters[place] != nil
    }

    // MARK: Putting things into the layer

    /// Every link of a walk, and what stands at its end.
    mutating func add(_ walk: PathWalk, _ reason: Reason) {
        var current = reason
        for link in walk.links {
            guard link.isFinal else {
                add(link.node, at: link.path, current.byWay)
                continue
            }
            add(link.node, at: link.path, current)
            current = .needed(by: link.path, how: "the link leads there")
        }
        if case .found(let place, let node) = walk.end { add(node, at: place, current) }
    }

    /// - Returns: whether it is in the layer: the output of the bake never is.
    @discardableResult
    mutating func add(_ node: Node, at path: TreePath, _ reason: Reason) -> Bool {
        if case .regular(.file(let file)) = node.kind, leavingOut.contains(file.identity) {
            remark(.outputLeftOut(path))
            return false
        }
        if path.isRoot { return true }
        if nodes[path] == nil { nodes[path] = node }
        if reasons[path] == nil || reason == .asked { reasons[path] = reason }
        return true
    }

    func has(_ path: TreePath) -> Bool { nodes[path] != nil }

    mutating func remark(_ remark: ProgramRemark) {
        if remarkSet.insert(remark).inserted { remarks.append(remark) }
    }

    /// - Parameter isFatal: whether it is an error, unless missing files are allowed.
    mutating func miss(_ library: MissingLibrary, isFatal: Bool = true) {
        guard isFatal else { return remark(.missing(library)) }
        if missingSet.insert(library).inserted { missing.append(library) }
    }

    /// Directories above the files that are not as bake would make them.
    mutating func bringDirectories() throws(TreeError) {
        var seen: Set<TreePath> = []
        for path in nodes.keys.sorted() {
            var directory = path.parent
            while let current = directory, !current.isRoot, seen.insert(current).inserted {
                directory = current.parent
                guard nodes[current] == nil, let node = try tree.node(at: current) else { continue }
                let isPlain =
                    node.permissions == 0o755 && node.uid == 0 && node.gid == 0
                    && node.xattrs.isEmpty
                if !isPlain { add(node, at: current, .needed(by: path, how: "it is in there")) }
            }
        }
    }

    /// Names of the files in the layer.
    var fileNames: Set<Bytes> { Set(nodes.keys.map(\.name)) }

    func checkComplete(allowsMissing: Bool) throws(ProgramError) {
        if let failure { throw failure }
        if !allowsMissing, !missing.isEmpty { throw .missing(missing) }
    }

    func layer(name: String, notes: [Note]) -> Layer {
        let paths = nodes.keys.sorted()
        var layer = Layer(
            name: name, nodes: paths.compactMap { nodes[$0] },
            entries: paths.indices.map { Layer.Entry(path: paths[$0], nodeIndex: $0) },
            notes: notes + remarks.map { .remark($0.description) }
                + missing.map { .remark(ProgramRemark.missing($0).description) })
        layer.reasons = reasons
        return layer
    }
}

extension Reason {
    /// The same for a link to a directory on the way.
    fileprivate var byWay: Reason {
        switch self {
        case .asked: .asked
        case .needed(let path, let how): .needed(by: path, how: "\(how), by way of this link")
        }
    }
}
