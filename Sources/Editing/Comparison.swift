internal import SystemPackage
internal import Trees

/// A tree, the copy of it that was made, and the copy after the commands: what they did, as a
/// layer over the tree.
///
/// Nobody but root could give the copy all the tree has. So a file is compared with how it was in
/// the copy, and what did not change there is as it was in the tree.
struct Comparison: ~Copyable {
    let tree: MergedTree
    let before: DirectorySnapshot
    let after: DirectorySnapshot
    let owners: OwnerMap
    /// When the commands ran.
    let window: ClosedRange<DirectorySnapshot.Moment>
    let ownTime: Int64
    /// Attributes that the file system gives every file.
    let automaticXattrs: Set<Bytes>
    /// Directories of ours that things were mounted on.
    private let mountPoints: Set<TreePath>

    /// Positions in `tree.nodes`, `before.files`, `after.files`.
    let nodeAtPath: [TreePath: Int]
    let beforeAtPath: [TreePath: Int]
    let afterAtPath: [TreePath: Int]
    let beforeOfIdentity: [HostIdentity: Int]
    /// The tree's node behind each file of the copy, as it was made.
    let nodeOfBefore: [Int?]

    private var nodes: [Node] = []
    private var entries: [Layer.Entry] = []
    private var whiteouts: Set<TreePath> = []
    private(set) var changes = EditChanges()
    var notes: [EditNote] = []
    var xattrsLeftOut: Set<Bytes> = []
    var spool: ContentSpool
    private let layerName: String

    init(
        of tree: MergedTree, _ before: DirectorySnapshot, _ after: DirectorySnapshot,
        _ confinement: Confinement, window: ClosedRange<DirectorySnapshot.Moment>, ownTime: Int64,
        layerName: String, scratch: FilePath
    ) throws(EditError) {
        do {
            spool = try ContentSpool(for: layerName, in: scratch)
        } catch {
            throw .tree(error)
        }
        self.tree = tree
        self.before = before
        self.after = after
        self.owners = confinement.owners
        self.window = window
        self.ownTime = ownTime
        self.layerName = layerName
        let nodeAtPath = Dictionary(
            uniqueKeysWithValues: tree.entries.map { ($0.path, $0.nodeIndex) })
        self.nodeAtPath = nodeAtPath
        afterAtPath = after.fileAtPath
        beforeOfIdentity = Dictionary(
            before.files.enumerated().map { ($0.element.identity, $0.offset) },
            uniquingKeysWith: { first, _ in first })
        var nodeOfBefore = [Int?](repeating: nil, count: before.files.count)
        for entry in before.entries { nodeOfBefore[entry.fileIndex] = nodeAtPath[entry.path] }
        self.nodeOfBefore = nodeOfBefore
        automaticXattrs = Set(before.files[0].xattrs.map(\.name))
            .subtracting(tree.nodes[tree.entries[0].nodeIndex].xattrs.map(\.name))
        let beforeAtPath = before.fileAtPath
        self.beforeAtPath = beforeAtPath
        mountPoints = Set(
            Workshop.mountPoints.filter { nodeAtPath[$0] == nil && beforeAtPath[$0] != nil })
    }

    mutating func run() throws(EditError) {
        for (fileIndex, paths) in after.paths.enumerated() {
            try compare(fileIndex, paths)
        }
        for entry in tree.entries where afterAtPath[entry.path] == nil {
            findMissing(entry)
        }
        changes.added.sort()
        changes.changed.sort()
        changes.removed.sort()
    }

    var finishedLayer: Layer {
        var layer = Layer(name: layerName, nodes: nodes, entries: entries)
        layer.whiteouts = whiteouts
        return layer
    }

    // MARK: What is there

    /// One file with all its names.
    private mutating func compare(_ fileIndex: Int, _ paths: [TreePath]) throws(EditError) {
        let file = after.files[fileIndex]
        if paths.count == 1, isMountPoint(paths[0], file) { return }
        let origin = origin(of: file, at: paths)
        let old = origin.flatMap { nodeOfBefore[$0] }
        let new = try node(of: file, origin: origin, at: paths[0])
        let isSame = old.map { tree.nodes[$0].withoutIdentity == new } ?? false
        let strangers = paths.filter { !isSame || nodeAtPath[$0] != old }
        if strangers.isEmpty { return }
        nodes.append(new)
        // All names, so that they stay names of one file.
        entries += paths.map { Layer.Entry(path: $0, nodeIndex: nodes.count - 1) }
        for path in strangers { report(path, new) }
    }

    private mutating func report(_ path: TreePath, _ new: Node) {
        guard let lower = nodeAtPath[path] else { return changes.added.append(path) }
        changes.changed.append(path)
        if new.isDirectory != tree.nodes[lower].isDirectory { whiteouts.insert(path) }
    }

    private func isMountPoint(_ path: TreePath, _ file: DirectorySnapshot.File) -> Bool {
        guard mountPoints.contains(path), file.kind == .directory else { return false }
        return !after.entries.contains { $0.path.parent == path }
    }

    // MARK: What is not

    private mutating func findMissing(_ entry: MergedTree.Entry) {
        let parent = entry.path.parent ?? .root
        if beforeAtPath[entry.path] == nil, let home = directory(thatWas: parent) {
            // The copy never had it, so nobody can have removed it, but it may have been moved
            // with its directory.
            if home == parent { return }
            nodes.append(tree.node(of: entry).withoutIdentity)
            let path = home.appending(entry.path.name)
            entries.append(Layer.Entry(path: path, nodeIndex: nodes.count - 1))
            changes.added.append(path)
        }
        changes.removed.append(entry.path)
        // The whiteout of a directory is one for all it held.
        if isDirectory(afterAtPath[parent]) { whiteouts.insert(entry.path) }
    }

    /// Where a directory of the copy is after the commands; nil when it is gone.
    private func directory(thatWas path: TreePath) -> TreePath? {
        guard let old = beforeAtPath[path] else { return nil }
        let file = before.files[old]
        if let index = afterAtPath[path], origin(of: after.files[index], at: [path]) == old {
            return path
        }
        return after.entries.first { entry in
            after.files[entry.fileIndex].identity == file.identity
                && origin(of: after.files[entry.fileIndex], at: [entry.path]) == old
        }?.path
    }

    private func isDirectory(_ fileIndex: Int?) -> Bool {
        fileIndex.map { after.files[$0].kind == .directory } ?? false
    }

    // MARK: Identity

    /// The file of the copy that this one was before the commands, whatever its names were; nil
    /// when it is new.
    private func origin(of file: DirectorySnapshot.File, at paths: [TreePath]) -> Int? {
        guard let index = beforeOfIdentity[file.identity] else { return nil }
        let old = before.files[index]
        guard old.kind.isSameKind(as: file.kind) else { return nil }
        // The number of a removed file is soon that of a new one, but not the time of its birth.
        if let born = file.born { return born == old.born ? index : nil }
        return paths.contains { beforeAtPath[$0] == index } ? index : nil
    }
}

extension DirectorySnapshot {
    fileprivate var fileAtPath: [TreePath: Int] {
        Dictionary(uniqueKeysWithValues: entries.map { ($0.path, $0.fileIndex) })
    }

    /// Of each file, sorted.
    fileprivate var paths: [[TreePath]] {
        var paths = [[TreePath]](repeating: [], count: files.count)
        for entry in entries { paths[entry.fileIndex].append(entry.path) }
        return paths
    }
}

extension Node {
    /// The layer's names of a file are all there are: nothing elsewhere is to join them.
    fileprivate var withoutIdentity: Node {
        var node = self
        node.identity = nil
        return node
    }
}

extension Node.Kind {
    /// Whatever the content, target or number.
    func isSameKind(as other: Node.Kind) -> Bool {
        switch (self, other) {
        case (.directory, .directory), (.regular, .regular), (.symlink, .symlink), (.fifo, .fifo),
            (.socket, .socket), (.characterDevice, .characterDevice),
            (.blockDevice, .blockDevice):
            true
        default: false
        }
    }
}
