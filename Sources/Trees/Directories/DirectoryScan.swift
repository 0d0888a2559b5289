internal import Glibc
internal import SystemPackage

/// A walk over one tree, depth first, names sorted: files are looked at in the order of the layer's
/// entries, so that what is known of them is written down and forgotten. Only the innermost
/// directories stay open, so depth costs memory, not descriptors.
struct DirectoryScan: ~Copyable {
    let directory: HostDirectory
    let options: ScanOptions

    private var nodes: Packer<Node>
    private var entries: Packer<Layer.Entry>
    private var notes: [Note] = []

    private var names = NameList()
    private var nodeOfIdentity: [HostIdentity: Int] = [:]
    private var excludedCount = 0
    private var mayHaveWhiteouts = false
    /// Directories that are being walked, outermost first.
    private var levels: [Level] = []
    private var reading: NodeReading

    private struct Level {
        let path: TreePath
        let identity: HostIdentity
        /// Nil for the outer ones, to spare descriptors.
        var opened: OpenDirectory?
        let names: NameQueue
    }

    init(of directory: HostDirectory, _ options: ScanOptions) {
        self.directory = directory
        self.options = options
        reading = NodeReading(directory: directory, options: options)
        nodes = Packer(spillingTo: options.scratch)
        entries = Packer(spillingTo: options.scratch)
    }

    consuming func run() throws(TreeError) -> Layer {
        try enter(.root, expecting: nil)
        while let last = levels.indices.last {
            guard let name = levels[last].names.next() else {
                leave()
                continue
            }
            try look(at: name, in: try opened(last), levels[last].path)
        }
        notes += reading.notes
        if excludedCount > 0 { notes.append(.excluded(tree: directory.name, count: excludedCount)) }
        var layer = Layer(name: directory.name)
        layer.notes = notes
        layer.scratch = options.scratch
        layer.hasNoWhiteouts = !mayHaveWhiteouts
        layer.nodes = NodeList(nodes.finish())
        // The walk is depth-first with names sorted, which is the order of a layer's entries.
        layer.entries = EntryList(entries.finish())
        return layer
    }

    func place(_ path: TreePath) -> HostPlace {
        HostPlace(tree: directory.name, path: path)
    }

    // MARK: Directories

    private mutating func enter(
        _ path: TreePath, expecting identity: HostIdentity?
    ) throws(TreeError) {
        let opened = try open(path, expecting: identity)
        if opened.status.identity.device != levels.last?.identity.device {
            try refuseSpecial(opened.descriptor, path)
        }
        if path.isRoot {
            try add(.directory, opened.status, ".", in: opened, path)
        }
        do {
            try names.fill(from: opened.descriptor, isReversed: options.reversesNames)
        } catch {
            throw .failed(.listDirectory, place(path), error)
        }
        levels.append(
            Level(
                path: path, identity: opened.status.identity, opened: opened,
                names: NameQueue(names)))
        let outer = levels.count - 1 - Self.levelsKeptOpen
        if outer >= 0 { levels[outer].opened = nil }
    }

    private static let levelsKeptOpen = 16

    /// Back to the directory above, which is found by `..` if it was closed.
    private mutating func leave() {
        let left = levels.removeLast()
        guard let last = levels.indices.last, levels[last].opened == nil else { return }
        // Should it not be the same any more, it is looked for by its path.
        let above = try? left.opened?.directory([0x2e, 0x2e, 0])  // as said above
        if above?.status.identity == levels[last].identity { levels[last].opened = above }
    }

    private mutating func opened(_ level: Int) throws(TreeError) -> OpenDirectory {
        if let opened = levels[level].opened { return opened }
        let opened = try open(levels[level].path, expecting: levels[level].identity)
        levels[level].opened = opened
        return opened
    }

    private func open(
        _ path: TreePath, expecting identity: HostIdentity?
    ) throws(TreeError) -> OpenDirectory {
        let opened: OpenDirectory
        do throws(Errno) {
            if let parent = levels.last?.opened {
                opened = try parent.directory(path.name.terminated)
            } else {
                opened = try OpenDirectory(directory.open(path, O_RDONLY | O_DIRECTORY))
            }
        } catch .tooManySymbolicLinkLevels {
            throw .changed(place(path), .replaced)
        } catch {
            throw .failed(.openDirectory, place(path), error)
        }
        if let identity, identity != opened.status.identity {
            throw .changed(place(path), .replaced)
        }
        return opened
    }

    private func refuseSpecial(_ file: FileDescriptor, _ path: TreePath) throws(TreeError) {
        let fileSystem: String?
        do {
            fileSystem = try SpecialFileSystem.name(of: file)
        } catch {
            throw .failed(.readStatus, place(path), error)
        }
        if let fileSystem { throw .specialFileSystem(place(path), name: fileSystem) }
    }

    // MARK: What is in them

    /// One name of an open directory, with all it holds.
    private mutating func look(
        at name: UnsafePointer<CChar>, in parent: OpenDirectory, _ parentPath: TreePath
    ) throws(TreeError) {
        let path = parentPath.appending(name)
        if let excluding = options.excluding, excluding(path) {
            excludedCount += 1
            return
        }
        let status: FileStatus
        do {
            status = try FileStatus.read(parent.descriptor, name)
        } catch {
            throw .failed(.readStatus, place(path), error)
        }
        if options.leavingOut.contains(status.identity) {
            notes.append(.outputLeftOut(place(path)))
            return
        }
        if status.isDirectory {
            try add(.directory, status, name, in: parent, path)
            return try descend(to: path, status, in: parent)
        }
        if status.isMountRoot == true {
            guard try isPartOfTree(mounted: name, status, in: parent, path) else { return }
        }
        if status.linkCount > 1, let known = nodeOfIdentity[status.identity] {
            if Layer.isLikeWhiteout(name) { mayHaveWhiteouts = true }
            return entries.append(Layer.Entry(path: path, nodeIndex: known))
        }
        let kind = try reading.kind(of: name, status, in: parent, path)
        if status.linkCount > 1 { nodeOfIdentity[status.identity] = nodes.count }
        try add(kind, status, name, in: parent, path)
    }

    private mutating func descend(
        to path: TreePath, _ status: FileStatus, in parent: OpenDirectory
    ) throws(TreeError) {
        let isOtherDevice = status.identity.device != parent.status.identity.device
        if options.staysOnFileSystem, isOtherDevice {
            notes.append(.otherFileSystemLeftOut(place(path)))
            return
        }
        if status.isMountRoot ?? isOtherDevice { notes.append(.mountInside(place(path))) }
        try enter(path, expecting: status.identity)
    }

    /// A file over which another one is mounted, as containers do.
    private mutating func isPartOfTree(
        mounted name: UnsafePointer<CChar>, _ status: FileStatus, in parent: OpenDirectory,
        _ path: TreePath
    ) throws(TreeError) -> Bool {
        if options.staysOnFileSystem, status.identity.device != parent.status.identity.device {
            notes.append(.otherFileSystemLeftOut(place(path)))
            return false
        }
        let file: FileDescriptor
        do {
            file = try HostDirectory.openAt(parent.descriptor, name, Self.pathOnly | O_NOFOLLOW)
        } catch {
            throw .failed(.openFile, place(path), error)
        }
        defer { _ = Glibc.close(file.rawValue) }
        try refuseSpecial(file, path)
        notes.append(.mountInside(place(path)))
        return true
    }

    /// O_PATH of asm-generic/fcntl.h; Swift's Glibc module leaves GNU's names out.
    private static let pathOnly: Int32 = 0o10000000

    private mutating func add(
        _ kind: Node.Kind, _ status: FileStatus, _ name: UnsafePointer<CChar>,
        in parent: OpenDirectory, _ path: TreePath
    ) throws(TreeError) {
        entries.append(Layer.Entry(path: path, nodeIndex: nodes.count))
        let node = try reading.node(kind, status, name, in: parent, path)
        if !node.isPlain || Layer.isLikeWhiteout(name) { mayHaveWhiteouts = true }
        nodes.append(node)
    }
}

extension TreePath {
    /// The same as for bytes, without a copy of them.
    fileprivate func appending(_ name: UnsafePointer<CChar>) -> TreePath {
        let nameCount = strlen(name)
        let separatorCount = isRoot ? 0 : 1
        let count = bytes.count + separatorCount + nameCount
        return TreePath(
            trusted: Bytes(unsafeUninitializedCapacity: count) { buffer, filled in
                let start = buffer.baseAddress!
                bytes.withUnsafeBufferPointer { own in
                    if let base = own.baseAddress { start.update(from: base, count: own.count) }
                }
                if !isRoot { start[bytes.count] = UInt8(ascii: "/") }
                memcpy(start + bytes.count + separatorCount, name, nameCount)
                filled = count
            })
    }
}
