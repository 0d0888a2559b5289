internal import Glibc
internal import SystemPackage

/// Turns what the kernel says about a file of this machine into a node.
struct NodeReading {
    let directory: HostDirectory
    let options: ScanOptions
    private var attributes = AttributeSieve()

    init(directory: HostDirectory, options: ScanOptions) {
        self.directory = directory
        self.options = options
    }

    /// What was left out of the nodes.
    var notes: [Note] { attributes.notes(in: directory.name) }

    func kind(
        of name: UnsafePointer<CChar>, _ status: FileStatus, in parent: OpenDirectory,
        _ path: TreePath
    ) throws(TreeError) -> Node.Kind {
        switch status.type {
        case S_IFDIR: return .directory
        case S_IFLNK:
            do {
                return .symlink(target: try parent.target(of: name))
            } catch {
                throw .failed(.readLink, place(path), error)
            }
        case S_IFCHR: return .characterDevice(status.device)
        case S_IFBLK: return .blockDevice(status.device)
        case S_IFIFO: return .fifo
        case S_IFSOCK: return .socket
        default: return .regular(.file(HostFile(directory, path, status)))
        }
    }

    /// - Parameter name: `.` for the directory itself.
    mutating func node(
        _ kind: Node.Kind, _ status: FileStatus, _ name: UnsafePointer<CChar>,
        in parent: OpenDirectory, _ path: TreePath
    ) throws(TreeError) -> Node {
        let owner = options.owner.owner(uid: status.uid, gid: status.gid)
        let hasOtherNames = !status.isDirectory && status.linkCount > 1
        var node = Node(
            kind, permissions: UInt16(status.mode & 0o7777), uid: owner.uid, gid: owner.gid,
            mtimeSeconds: status.mtimeSeconds,
            identity: hasOtherNames ? status.identity : nil)
        let found: [Node.Xattr]
        do {
            found = try parent.xattrs(of: name)
        } catch {
            throw .failed(.readXattrs, place(path), error)
        }
        if !found.isEmpty {
            try attributes.give(found, to: &node, at: place(path), options)
        }
        return node
    }

    private func place(_ path: TreePath) -> HostPlace {
        HostPlace(tree: directory.name, path: path)
    }
}

extension HostFile {
    init(_ directory: HostDirectory, _ path: TreePath, _ status: FileStatus) {
        self.init(
            directory: directory, path: path,
            look: Look(
                identity: status.identity, byteCount: status.byteCount,
                mtimeSeconds: status.mtimeSeconds, mtimeNanoseconds: status.mtimeNanoseconds,
                ctimeSeconds: status.ctimeSeconds, ctimeNanoseconds: status.ctimeNanoseconds))
    }
}
