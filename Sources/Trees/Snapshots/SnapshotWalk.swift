internal import Glibc
internal import SystemPackage

/// A walk over a directory of our own. As in the scan of a tree, each directory is opened once,
/// looked at whole, and closed.
struct SnapshotWalk {
    private let directory: HostDirectory
    private let leaving: DirectorySnapshot.Permissions
    /// Root reads what nobody may read.
    private let isRoot = geteuid() == 0
    private(set) var files: [DirectorySnapshot.File] = []
    private(set) var entries: [DirectorySnapshot.Entry] = []
    private var fileOfIdentity: [HostIdentity: Int] = [:]
    /// What could not be read as it was, and the permissions it had.
    private var opened: [(path: TreePath, permissions: UInt16)] = []

    private typealias Found = DirectorySnapshot.Entry

    init(
        _ path: FilePath, called name: String, leaving: DirectorySnapshot.Permissions
    ) throws(TreeError) {
        let place = open(path.string, HostPermissions.path | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard place >= 0 else {
            throw .failed(
                .openDirectory, HostPlace(tree: name, path: .root), Errno(rawValue: errno))
        }
        directory = HostDirectory(
            name: name, mayChange: false, descriptor: FileDescriptor(rawValue: place))
        self.leaving = leaving
    }

    mutating func run() throws(TreeError) {
        var pending = [try enterRoot()]
        while let last = pending.indices.last {
            guard let found = pending[last].popLast() else {
                pending.removeLast()
                continue
            }
            entries.append(found)
            if files[found.fileIndex].kind == .directory {
                pending.append(try enter(found.path, files[found.fileIndex].permissions))
            }
        }
    }

    /// Gives what had to be opened its permissions back: children before their directories, which
    /// nobody could pass any more.
    mutating func closeAgain() throws(TreeError) {
        while let (path, permissions) = opened.popLast() {
            try withPlace(of: path) { (place) throws(Errno) in
                try HostPermissions.set(mode_t(permissions), of: place)
            }
        }
    }

    // MARK: Directories

    private mutating func enterRoot() throws(TreeError) -> [Found] {
        let status: FileStatus
        do {
            status = try FileStatus.read(directory.descriptor, "")
        } catch {
            throw failed(.readStatus, .root, error)
        }
        try openUp(.root, status.permissions, needing: 0o500)
        let xattrs: [Node.Xattr]
        do throws(Errno) {
            let root = try OpenDirectory(try directory.open(.root, O_RDONLY | O_DIRECTORY))
            xattrs = try root.xattrs(of: ".")
        } catch {
            throw failed(.readXattrs, .root, error)
        }
        files.append(DirectorySnapshot.File(.directory, status, xattrs))
        entries.append(Found(path: .root, fileIndex: 0))
        return try enter(.root, status.permissions)
    }

    /// Everything in a directory, the last first.
    private mutating func enter(
        _ path: TreePath, _ permissions: UInt16
    ) throws(TreeError) -> [Found] {
        if !path.isRoot { try openUp(path, permissions, needing: 0o500) }
        let opened: OpenDirectory
        do throws(Errno) {
            opened = try OpenDirectory(try directory.open(path, O_RDONLY | O_DIRECTORY))
        } catch {
            throw failed(.openDirectory, path, error)
        }
        var names = NameList()
        do {
            try names.fill(from: opened.descriptor)
        } catch {
            throw failed(.listDirectory, path, error)
        }
        var found: [Found] = []
        found.reserveCapacity(names.count)
        for index in (0..<names.count).reversed() {
            let name = names[index]
            let path = path.appending(UnsafeRawBufferPointer(start: name, count: strlen(name)))
            found.append(Found(path: path, fileIndex: try look(at: path, name, in: opened)))
        }
        return found
    }

    // MARK: Files

    private mutating func look(
        at path: TreePath, _ name: UnsafePointer<CChar>, in parent: OpenDirectory
    ) throws(TreeError) -> Int {
        let status: FileStatus
        do {
            status = try FileStatus.read(parent.descriptor, name)
        } catch {
            throw failed(.readStatus, path, error)
        }
        let hasOtherNames = status.linkCount > 1 && status.type != S_IFDIR
        if hasOtherNames, let known = fileOfIdentity[status.identity] { return known }
        let kind = try kind(of: name, status, in: parent, path)
        if case .regular = kind, leaving == .opened {
            try openUp(path, status.permissions, needing: 0o400)
        }
        let xattrs = try xattrs(of: name, status, in: parent, path)
        files.append(DirectorySnapshot.File(kind, status, xattrs))
        if hasOtherNames { fileOfIdentity[status.identity] = files.count - 1 }
        return files.count - 1
    }

    private func kind(
        of name: UnsafePointer<CChar>, _ status: FileStatus, in parent: OpenDirectory,
        _ path: TreePath
    ) throws(TreeError) -> Node.Kind {
        switch status.type {
        case S_IFDIR: return .directory
        case S_IFCHR: return .characterDevice(status.device)
        case S_IFBLK: return .blockDevice(status.device)
        case S_IFIFO: return .fifo
        case S_IFSOCK: return .socket
        case S_IFLNK:
            do {
                return .symlink(target: try parent.target(of: name))
            } catch {
                throw failed(.readLink, path, error)
            }
        default: return .regular(.file(HostFile(directory, path, status)))
        }
    }

    private mutating func xattrs(
        of name: UnsafePointer<CChar>, _ status: FileStatus, in parent: OpenDirectory,
        _ path: TreePath
    ) throws(TreeError) -> [Node.Xattr] {
        do {
            return try parent.xattrs(of: name)
        } catch {
            // `user.` attributes are for those who may read the file.
            guard error == .permissionDenied, status.type == S_IFREG || status.type == S_IFDIR
            else { throw failed(.readXattrs, path, error) }
        }
        try openUp(path, status.permissions, needing: 0o400)
        do {
            return try parent.xattrs(of: name)
        } catch {
            throw failed(.readXattrs, path, error)
        }
    }

    // MARK: Permissions

    /// Makes sure that we have these permissions of what stands there.
    private mutating func openUp(
        _ path: TreePath, _ permissions: UInt16, needing needed: UInt16
    ) throws(TreeError) {
        if isRoot || permissions & needed == needed { return }
        try withPlace(of: path) { (place) throws(Errno) in
            _ = try HostPermissions.add(mode_t(needed), to: place)
        }
        if opened.last?.path != path { opened.append((path, permissions)) }
    }

    private func withPlace(
        of path: TreePath, _ body: (FileDescriptor) throws(Errno) -> Void
    ) throws(TreeError) {
        do throws(Errno) {
            let place = try directory.open(path, HostPermissions.path)
            defer { close(place.rawValue) }
            try body(place)
        } catch {
            throw failed(.readStatus, path, error)
        }
    }

    private func failed(
        _ operation: TreeError.Operation, _ path: TreePath, _ errno: Errno
    ) -> TreeError {
        .failed(operation, HostPlace(tree: directory.name, path: path), errno)
    }
}

extension DirectorySnapshot.File {
    fileprivate init(_ kind: Node.Kind, _ status: FileStatus, _ xattrs: [Node.Xattr]) {
        self.init(
            identity: status.identity, born: status.born, kind: kind,
            permissions: status.permissions, uid: status.uid, gid: status.gid,
            modified: .init(
                seconds: status.mtimeSeconds, nanoseconds: UInt32(status.mtimeNanoseconds)),
            changed: .init(
                seconds: status.ctimeSeconds, nanoseconds: UInt32(status.ctimeNanoseconds)),
            xattrs: xattrs)
    }
}

extension FileStatus {
    fileprivate var permissions: UInt16 { UInt16(mode & 0o7777) }
}
