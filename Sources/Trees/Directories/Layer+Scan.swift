internal import Glibc
public import SystemPackage

extension Layer {
    /// Reads a directory of this machine: names, metadata and link targets; contents are left
    /// where they are until the blob is written.
    ///
    /// No symbolic link in the tree is followed, nothing depends on the order in which the kernel
    /// lists names, and neither depth nor path length has a limit of ours.
    ///
    /// - Parameters:
    ///   - name: the tree as the user wrote it, for messages.
    ///   - leavingOut: files that are not part of the tree, such as the output itself.
    public static func scan(
        directory: FilePath, name: String, owner: OwnerRule = .keep,
        leavingOut: Set<HostIdentity> = [], mayChange: Bool = false
    ) throws(TreeError) -> Layer {
        var scan = DirectoryScan(
            directory: try HostDirectory.open(directory, name: name, mayChange: mayChange), owner: owner,
            leavingOut: leavingOut)
        try scan.run()
        return Layer(
            name: name, nodes: scan.nodes, entries: scan.entries, notes: scan.notes)
    }
}

extension HostDirectory {
    /// The tree itself may be given by a symbolic link: that is the user's choice of words.
    fileprivate static func open(
        _ path: FilePath, name: String, mayChange: Bool
    ) throws(TreeError) -> HostDirectory {
        let descriptor = path.withPlatformString {
            Glibc.open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        }
        if descriptor < 0 {
            switch Errno(rawValue: errno) {
            case .noSuchFileOrDirectory: throw .treeMissing(tree: name)
            case .notDirectory: throw .treeNotDirectory(tree: name)
            case let reason:
                throw .failed(.openDirectory, HostPlace(tree: name, path: .root), reason)
            }
        }
        return HostDirectory(
            name: name, mayChange: mayChange, descriptor: FileDescriptor(rawValue: descriptor))
    }
}

/// A walk over one tree. A directory is opened once, listed and looked at whole, and closed; the
/// walk holds names, not descriptors, so depth costs memory only.
private struct DirectoryScan {
    let directory: HostDirectory
    let owner: OwnerRule
    let leavingOut: Set<HostIdentity>

    var nodes: [Node] = []
    var entries: [Layer.Entry] = []
    var notes: [Note] = []
    var nodeOfIdentity: [HostIdentity: Int] = [:]
    var xattrsLeftOut: Set<Bytes> = []

    /// Directories that are being walked, outermost first.
    private var levels: [Level] = []

    private struct Level {
        let path: TreePath
        let device: UInt64
        /// Sorted backwards: the next one is the last.
        var pending: [Found]
    }

    private struct Found {
        let name: Bytes
        let nodeIndex: Int
        /// Nil for everything but directories.
        let directory: HostIdentity?
    }

    init(directory: HostDirectory, owner: OwnerRule, leavingOut: Set<HostIdentity>) {
        self.directory = directory
        self.owner = owner
        self.leavingOut = leavingOut
    }

    mutating func run() throws(TreeError) {
        try enter(.root, expecting: nil)
        while let last = levels.indices.last {
            guard let found = levels[last].pending.popLast() else {
                levels.removeLast()
                continue
            }
            let path = levels[last].path.appending(found.name)
            entries.append(Layer.Entry(path: path, nodeIndex: found.nodeIndex))
            guard let identity = found.directory else { continue }
            if identity.device != levels[last].device { notes.append(.mountInside(place(path))) }
            try enter(path, expecting: identity)
        }
    }

    private func place(_ path: TreePath) -> HostPlace {
        HostPlace(tree: directory.name, path: path)
    }

    /// Opens a directory, lists it and looks at everything in it.
    private mutating func enter(
        _ path: TreePath, expecting identity: HostIdentity?
    ) throws(TreeError) {
        let opened: OpenDirectory
        do {
            opened = try OpenDirectory(try directory.open(path, O_RDONLY | O_DIRECTORY))
        } catch .tooManySymbolicLinkLevels {
            throw .changed(place(path), .replaced)
        } catch {
            throw .failed(.openDirectory, place(path), error)
        }
        let status = opened.status
        if let identity, identity != HostIdentity(status) {
            throw .changed(place(path), .replaced)
        }
        if path.isRoot {
            let root = try node(.directory, status, opened, name: nil, path)
            nodes.append(root)
            entries.append(Layer.Entry(path: .root, nodeIndex: 0))
        }
        let names: [Bytes]
        do {
            names = try opened.names()
        } catch {
            throw .failed(.listDirectory, place(path), error)
        }
        var pending: [Found] = []
        pending.reserveCapacity(names.count)
        for name in names {
            if let found = try look(at: name, in: opened, path) { pending.append(found) }
        }
        pending.sort { $1.name.precedes($0.name) }
        levels.append(Level(path: path, device: UInt64(status.st_dev), pending: pending))
    }

    /// One name of an open directory; nil when it is to be left out.
    private mutating func look(
        at name: Bytes, in parent: borrowing OpenDirectory, _ parentPath: TreePath
    ) throws(TreeError) -> Found? {
        let path = parentPath.appending(name)
        let status: stat
        do {
            status = try parent.status(of: name)
        } catch {
            throw .failed(.readStatus, place(path), error)
        }
        let identity = HostIdentity(status)
        if leavingOut.contains(identity) {
            notes.append(.outputLeftOut(place(path)))
            return nil
        }
        let isDirectory = status.st_mode & S_IFMT == S_IFDIR
        if !isDirectory, status.st_nlink > 1, let known = nodeOfIdentity[identity] {
            return Found(name: name, nodeIndex: known, directory: nil)
        }
        let kind = try kind(of: name, status, in: parent, path)
        nodes.append(try node(kind, status, parent, name: name, path))
        if !isDirectory, status.st_nlink > 1 { nodeOfIdentity[identity] = nodes.count - 1 }
        return Found(
            name: name, nodeIndex: nodes.count - 1, directory: isDirectory ? identity : nil)
    }

    private func kind(
        of name: Bytes, _ status: stat, in parent: borrowing OpenDirectory, _ path: TreePath
    ) throws(TreeError) -> Node.Kind {
        switch status.st_mode & S_IFMT {
        case S_IFDIR: return .directory
        case S_IFLNK:
            do {
                return .symlink(target: try parent.target(of: name))
            } catch {
                throw .failed(.readLink, place(path), error)
            }
        case S_IFCHR: return .characterDevice(Node.Device(status.st_rdev))
        case S_IFBLK: return .blockDevice(Node.Device(status.st_rdev))
        case S_IFIFO: return .fifo
        case S_IFSOCK: return .socket
        default: return .regular(.file(HostFile(directory, path, status)))
        }
    }

    /// - Parameter name: nil for the open directory itself.
    private mutating func node(
        _ kind: Node.Kind, _ status: stat, _ parent: borrowing OpenDirectory, name: Bytes?,
        _ path: TreePath
    ) throws(TreeError) -> Node {
        let owner = owner.owner(uid: status.st_uid, gid: status.st_gid)
        let hasOtherNames = kind != .directory && status.st_nlink > 1
        return Node(
            kind, permissions: UInt16(status.st_mode & 0o7777), uid: owner.uid, gid: owner.gid,
            mtimeSeconds: Int64(status.st_mtim.tv_sec),
            xattrs: try xattrs(parent, name: name, path),
            identity: hasOtherNames ? HostIdentity(status) : nil)
    }

    private mutating func xattrs(
        _ parent: borrowing OpenDirectory, name: Bytes?, _ path: TreePath
    ) throws(TreeError) -> [Node.Xattr] {
        let found: [Node.Xattr]
        do throws(Errno) {
            found = try parent.xattrs(of: name)
        } catch {
            throw .failed(.readXattrs, place(path), error)
        }
        var kept: [Node.Xattr] = []
        for xattr in found {
            switch XattrClass(xattr.name) {
            case .kept:
                kept.append(xattr)
            case .accessControlList:
                throw .accessControlList(place(path), xattr: xattr.name)
            case .leftOut:
                if xattrsLeftOut.insert(xattr.name).inserted {
                    notes.append(.xattrLeftOut(place(path), name: xattr.name))
                }
            }
        }
        return kept
    }
}

extension Bytes {
    fileprivate func precedes(_ other: Bytes) -> Bool {
        let order = memcmp(self, other, Swift.min(count, other.count))
        return order == 0 ? count < other.count : order < 0
    }
}
