internal import Glibc
internal import SystemPackage

/// Removes a directory with all it holds: no link is followed, no mount point entered, directories
/// without permissions are opened up first.
enum TreeRemoval {
    static func remove(_ path: FilePath) throws(Errno) {
        let root = try HostPermissions.openDirectory(path)
        try empty(root)
        guard rmdir(path.string) == 0 else { throw Errno(rawValue: errno) }
    }

    private static func empty(_ root: FileDescriptor) throws(Errno) {
        var descent = Descent(root: root)
        var list = NameList()
        try list.fill(from: descent.current)
        var pending = [list.all]
        while let last = pending.indices.last {
            guard let name = pending[last].popLast() else {
                pending.removeLast()
                if descent.depth == 0 { return }
                let done = descent.name
                try descent.leave()
                try unlink(done, in: descent.current, AT_REMOVEDIR)
                continue
            }
            do throws(Errno) {
                try unlink(name, in: descent.current, 0)
            } catch .isDirectory {
                try enter(name, &descent)
                try list.fill(from: descent.current)
                pending.append(list.all)
            }
        }
    }

    private static func enter(_ name: Bytes, _ descent: inout Descent) throws(Errno) {
        do throws(Errno) {
            try descent.enter(name)
        } catch .permissionDenied {
            try HostPermissions.open(name, in: descent.current, adding: 0o700)
            try descent.enter(name)
        }
        // Its names cannot be removed without. Who is not allowed to will see it with the first.
        fchmod(descent.current.rawValue, 0o700)
    }

    private static func unlink(
        _ name: Bytes, in directory: FileDescriptor, _ flags: Int32
    ) throws(Errno) {
        guard unlinkat(directory.rawValue, name.terminated, flags) == 0 else {
            throw Errno(rawValue: errno)
        }
    }
}

extension NameList {
    fileprivate var all: [Bytes] {
        (0..<count).map { Bytes(UnsafeRawBufferPointer(start: self[$0], count: strlen(self[$0]))) }
    }
}

/// Modes of files that cannot be opened for want of permissions.
enum HostPermissions {
    /// O_PATH of asm-generic/fcntl.h; Swift's Glibc module leaves GNU's names out.
    static let path: Int32 = 0o10000000

    /// A directory of our own, whatever its permissions.
    static func openDirectory(_ path: FilePath) throws(Errno) -> FileDescriptor {
        let flags = O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
        let place = Glibc.open(path.string, Self.path | flags)
        guard place >= 0 else { throw Errno(rawValue: errno) }
        defer { close(place) }
        _ = try add(0o700, to: FileDescriptor(rawValue: place))
        let directory = Glibc.open(path.string, O_RDONLY | flags)
        guard directory >= 0 else { throw Errno(rawValue: errno) }
        return FileDescriptor(rawValue: directory)
    }

    /// Adds permissions to what stands there; a symbolic link is not followed.
    ///
    /// - Returns: those it had.
    @discardableResult
    static func open(
        _ name: Bytes, in directory: FileDescriptor, adding permissions: mode_t
    ) throws(Errno) -> UInt16 {
        let flags = path | O_NOFOLLOW | O_CLOEXEC
        let file = openat(directory.rawValue, name.terminated, flags)
        guard file >= 0 else { throw Errno(rawValue: errno) }
        defer { close(file) }
        return try add(permissions, to: FileDescriptor(rawValue: file))
    }

    /// - Parameter file: may be open as a path only.
    static func add(_ permissions: mode_t, to file: FileDescriptor) throws(Errno) -> UInt16 {
        var status = stat()
        guard fstat(file.rawValue, &status) == 0 else { throw Errno(rawValue: errno) }
        try set(status.st_mode & 0o7777 | permissions, of: file)
        return UInt16(status.st_mode & 0o7777)
    }

    static func set(_ permissions: mode_t, of file: FileDescriptor) throws(Errno) {
        // fchmod(2) refuses what is open as a path only; its name in /proc is as good.
        guard chmod("/proc/self/fd/\(file.rawValue)", permissions) == 0 else {
            throw Errno(rawValue: errno)
        }
    }
}
