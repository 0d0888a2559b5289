internal import Glibc
internal import SystemPackage

/// One writing of a tree: a walk over its entries, which come depth-first.
struct TreeWriting: ~Copyable {
    private let tree: MergedTree
    /// As the user wrote the destination, for messages.
    private let name: String
    private let options: TreeWriter.Options
    private var descent: Descent
    private let copy = ContentCopy()
    private var metadata: MetadataWriter
    private var states: [NodeState]
    /// Nodes of the directories the walk is in, the root's first.
    private var levels: [Level] = []
    /// Directories their owner may not use: they get their modes when nobody has to pass any more.
    private var closedDirectories: [Level] = []

    private enum NodeState {
        case unseen
        case written(TreePath)
        case leftOut
    }

    private struct Level {
        let path: TreePath
        let node: Node
    }

    /// Takes the descriptor of the destination over.
    init(
        _ tree: MergedTree, into directory: FileDescriptor, called name: String,
        _ options: TreeWriter.Options
    ) {
        self.tree = tree
        self.name = name
        self.options = options
        descent = Descent(root: directory)
        metadata = MetadataWriter(options)
        states = Array(repeating: .unseen, count: tree.nodes.count)
    }

    mutating func run() throws(TreeWriteError) -> [WriteNote] {
        for entry in tree.entries {
            ScratchDirectory.pauseIfEnding()
            let node = tree.node(of: entry)
            guard let parent = entry.path.parent else {
                levels.append(Level(path: .root, node: node))
                continue
            }
            while levels[levels.count - 1].path != parent { try leave() }
            switch states[entry.nodeIndex] {
            case .written(let first) where !node.isDirectory: try link(entry.path, to: first)
            case .leftOut: break
            case .unseen, .written:
                let isMade = try make(node, at: entry.path)
                states[entry.nodeIndex] = isMade ? .written(entry.path) : .leftOut
            }
        }
        while !levels.isEmpty { try leave() }
        // In the order in which they were left: what is inside of one comes first.
        for closed in closedDirectories { try finishClosed(closed) }
        return metadata.notes.notes
    }

    // MARK: Directories

    private mutating func enter(_ level: Level) throws(TreeWriteError) {
        let name = level.path.name
        try call(.create, level.path) { mkdirat($0, name.terminated, 0o700) }
        do { try descent.enter(name) } catch { throw failed(.create, level.path, error) }
        levels.append(level)
    }

    /// What changes a directory's time is done when the walk leaves it.
    private mutating func leave() throws(TreeWriteError) {
        let level = levels.removeLast()
        if level.node.permissions & 0o700 == 0o700 {
            try finish(level, descent.current)
        } else {
            closedDirectories.append(level)
        }
        if levels.isEmpty { return }
        do { try descent.leave() } catch { throw failed(.create, level.path, error) }
    }

    private mutating func finishClosed(_ level: Level) throws(TreeWriteError) {
        let directory: FileDescriptor
        do {
            directory = try descent.openDirectory(at: level.path)
        } catch {
            throw failed(.setMode, level.path, error)
        }
        defer { close(directory.rawValue) }
        try finish(level, directory)
    }

    private mutating func finish(
        _ level: Level, _ directory: FileDescriptor
    ) throws(TreeWriteError) {
        do throws(MetadataWriter.Failure) {
            try metadata.apply(level.node, to: .open(directory), level.path)
        } catch {
            throw failed(error.operation, level.path, error.errno)
        }
    }

    // MARK: Everything else

    private mutating func link(
        _ path: TreePath, to first: TreePath
    ) throws(TreeWriteError) {
        let directory: FileDescriptor
        do {
            directory = try descent.openDirectory(at: first.parent ?? .root)
        } catch {
            throw failed(.link, path, error)
        }
        defer { close(directory.rawValue) }
        let existing = first.name.terminated
        try call(.link, path) { linkat(directory.rawValue, existing, $0, path.name.terminated, 0) }
    }

    /// - Returns: whether it is there now.
    private mutating func make(_ node: Node, at path: TreePath) throws(TreeWriteError) -> Bool {
        let name = path.name.terminated
        switch node.kind {
        case .directory:
            try enter(Level(path: path, node: node))
            return true
        case .regular(let content):
            try makeFile(node, content, at: path)
            return true
        case .symlink(let target):
            try call(.create, path) { symlinkat(target.terminated, $0, name) }
        case .fifo:
            try call(.create, path) { mknodat($0, name, S_IFIFO | 0o600, 0) }
        case .socket:
            try call(.create, path) { mknodat($0, name, S_IFSOCK | 0o600, 0) }
        case .characterDevice(let device):
            guard try makeDevice(device, S_IFCHR, at: path) else { return false }
        case .blockDevice(let device):
            guard try makeDevice(device, S_IFBLK, at: path) else { return false }
        }
        try applyMetadata(node, to: .named(path.name, in: descent.current), path)
        return true
    }

    private mutating func makeFile(
        _ node: Node, _ content: Node.Content, at path: TreePath
    ) throws(TreeWriteError) {
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC
        let number = openat(descent.current.rawValue, path.name.terminated, flags, 0o600)
        guard number >= 0 else { throw failed(.create, path, Errno(rawValue: errno)) }
        defer { close(number) }
        let file = FileDescriptor(rawValue: number)
        do throws(ContentCopy.Failure) {
            try copy.copy(content, to: file)
        } catch {
            switch error {
            case .source(let reason): throw .source(reason)
            case .target(let reason): throw failed(.write, path, reason)
            }
        }
        try applyMetadata(node, to: .open(file), path)
    }

    private mutating func makeDevice(
        _ device: Node.Device, _ kind: mode_t, at path: TreePath
    ) throws(TreeWriteError) -> Bool {
        if options.makesDevices {
            let made = mknodat(
                descent.current.rawValue, path.name.terminated, kind | 0o600, dev_t(device))
            if made == 0 { return true }
            // Root of a container often may not.
            guard errno == EPERM else { throw failed(.create, path, Errno(rawValue: errno)) }
        }
        metadata.notes.add(.device, path)
        return false
    }

    private mutating func applyMetadata(
        _ node: Node, to file: MetadataWriter.Target, _ path: TreePath
    ) throws(TreeWriteError) {
        do throws(MetadataWriter.Failure) {
            try metadata.apply(node, to: file, path)
        } catch {
            throw failed(error.operation, path, error.errno)
        }
    }

    private func call(
        _ operation: TreeWriteError.Operation, _ path: TreePath, _ body: (Int32) -> Int32
    ) throws(TreeWriteError) {
        guard body(descent.current.rawValue) == 0 else {
            throw failed(operation, path, Errno(rawValue: errno))
        }
    }

    private func failed(
        _ operation: TreeWriteError.Operation, _ path: TreePath, _ errno: Errno
    ) -> TreeWriteError {
        .failed(operation, HostPlace(tree: name, path: path), errno)
    }
}

extension dev_t {
    /// As the kernel packs them into 64 bits (makedev(3)).
    fileprivate init(_ device: Node.Device) {
        let major = UInt64(device.major)
        let minor = UInt64(device.minor)
        self = dev_t(
            (major & 0xfff) << 8 | (major & ~0xfff) << 32 | minor & 0xff | (minor & ~0xff) << 12)
    }
}
