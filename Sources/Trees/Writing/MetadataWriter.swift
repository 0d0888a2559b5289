internal import CXattr
internal import Glibc
internal import SystemPackage

/// Gives new files their owners, modes, attributes and times, and counts what could not be given.
struct MetadataWriter {
    /// A file that was just made.
    enum Target {
        case open(FileDescriptor)
        /// What cannot be opened, or should not be.
        case named(Bytes, in: FileDescriptor)
    }

    struct Failure: Error {
        let operation: TreeWriteError.Operation
        let errno: Errno
    }

    private let options: TreeWriter.Options
    private let user = geteuid()
    private let group = getegid()
    var notes = WriteNotes()

    init(_ options: TreeWriter.Options) {
        self.options = options
    }

    /// In the one order that works: a new owner costs a file its capabilities and privileges, some
    /// attributes need a mode that allows writing, and all of it but the time changes the time.
    mutating func apply(
        _ node: Node, to file: Target, _ path: TreePath
    ) throws(Failure) {
        try applyOwner(node, to: file, path)
        for xattr in node.xattrs { try apply(xattr, to: file, path) }
        try applyPermissions(node, to: file, path)
        try applyTime(node, to: file, path)
    }

    private mutating func applyOwner(
        _ node: Node, to file: Target, _ path: TreePath
    ) throws(Failure) {
        if node.uid == user && node.gid == group { return }
        guard options.keepsOwners else { return notes.add(.owner, path) }
        let result =
            switch file {
            case .open(let descriptor): fchown(descriptor.rawValue, node.uid, node.gid)
            case .named(let name, let directory):
                fchownat(
                    directory.rawValue, name.terminated, node.uid, node.gid, AT_SYMLINK_NOFOLLOW)
            }
        if result == 0 { return }
        switch errno {
        // EINVAL: an id that the user namespace bake runs in does not have.
        case EPERM, EINVAL: notes.add(.owner, path)
        default: throw Failure(operation: .setOwner, errno: Errno(rawValue: errno))
        }
    }

    private mutating func apply(
        _ xattr: Node.Xattr, to file: Target, _ path: TreePath
    ) throws(Failure) {
        if !options.keepsPrivileges, xattr.name == Bytes("security.capability".utf8) {
            return notes.add(.privileges, path)
        }
        let name = xattr.name.terminated
        let result =
            switch file {
            case .open(let descriptor):
                fsetxattr(descriptor.rawValue, name, xattr.value, xattr.value.count, 0)
            case .named(let last, let directory):
                lsetxattr(
                    // No call takes a directory and a name (see OpenDirectory).
                    (Bytes("/proc/self/fd/\(directory.rawValue)/".utf8) + last).terminated, name,
                    xattr.value, xattr.value.count, 0)
            }
        if result == 0 { return }
        switch errno {
        case EPERM, EACCES, ENOTSUP: notes.add(.xattr(xattr.name), path)
        default: throw Failure(operation: .setXattr, errno: Errno(rawValue: errno))
        }
    }

    private mutating func applyPermissions(
        _ node: Node, to file: Target, _ path: TreePath
    ) throws(Failure) {
        if case .symlink = node.kind { return }
        var permissions = mode_t(node.permissions)
        if !options.keepsPrivileges, !node.isDirectory, permissions & 0o6000 != 0 {
            permissions &= 0o1777
            notes.add(.privileges, path)
        }
        let result =
            switch file {
            case .open(let descriptor): fchmod(descriptor.rawValue, permissions)
            case .named(let name, let directory):
                // Made a moment ago and no link, so there is nothing to follow.
                fchmodat(directory.rawValue, name.terminated, permissions, 0)
            }
        if result != 0 { throw Failure(operation: .setMode, errno: Errno(rawValue: errno)) }
    }

    private mutating func applyTime(
        _ node: Node, to file: Target, _ path: TreePath
    ) throws(Failure) {
        let time = timespec(tv_sec: time_t(node.mtimeSeconds), tv_nsec: 0)
        let result =
            switch file {
            case .open(let descriptor): futimens(descriptor.rawValue, [time, time])
            case .named(let name, let directory):
                utimensat(
                    directory.rawValue, name.terminated, [time, time], AT_SYMLINK_NOFOLLOW)
            }
        if result != 0 { throw Failure(operation: .setTime, errno: Errno(rawValue: errno)) }
        let isOrdinary = 0...Int64(Int32.max) ~= node.mtimeSeconds
        if !isOrdinary, self.time(of: file) != node.mtimeSeconds { notes.add(.time, path) }
    }

    /// What the file system made of it.
    private func time(of file: Target) -> Int64? {
        var status = stat()
        let result =
            switch file {
            case .open(let descriptor): fstat(descriptor.rawValue, &status)
            case .named(let name, let directory):
                fstatat(directory.rawValue, name.terminated, &status, AT_SYMLINK_NOFOLLOW)
            }
        return result == 0 ? Int64(status.st_mtim.tv_sec) : nil
    }
}
