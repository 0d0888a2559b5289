internal import CXattr
internal import Glibc
internal import SystemPackage

/// A directory of this machine that is being looked at: the system calls of the scan. Closed with
/// its last owner.
final class OpenDirectory {
    let descriptor: FileDescriptor
    let status: FileStatus

    /// Takes the descriptor over, also when it throws.
    init(_ descriptor: FileDescriptor) throws(Errno) {
        do throws(Errno) {
            status = try FileStatus.read(descriptor, "")
        } catch {
            _ = Glibc.close(descriptor.rawValue)
            throw error
        }
        self.descriptor = descriptor
    }

    deinit {
        _ = Glibc.close(descriptor.rawValue)
    }

    /// Opens a directory in this one. Not through a symbolic link.
    func directory(_ name: [CChar]) throws(Errno) -> OpenDirectory {
        try OpenDirectory(
            HostDirectory.openAt(descriptor, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW))
    }

    func target(of name: UnsafePointer<CChar>) throws(Errno) -> Bytes {
        var capacity = 256
        while true {
            var count = 0
            let target = Bytes(unsafeUninitializedCapacity: capacity) { buffer, filled in
                count = buffer.withMemoryRebound(to: CChar.self) {
                    readlinkat(descriptor.rawValue, name, $0.baseAddress!, capacity)
                }
                filled = max(0, count)
            }
            if count < 0 { throw Errno(rawValue: errno) }
            if count < capacity { return target }
            capacity *= 4
        }
    }

    // MARK: Extended attributes

    /// Sorted by name.
    func xattrs(of name: UnsafePointer<CChar>) throws(Errno) -> [Node.Xattr] {
        let list: Bytes
        do throws(Errno) {
            list = try xattrNames(of: name)
        } catch .notSupported {
            return []
        }
        if list.isEmpty { return [] }
        let path = procPath(of: name)
        var xattrs: [Node.Xattr] = []
        for attribute in list.split(separator: 0).map(Bytes.init) {
            let value = try Self.grown { lgetxattr(path, attribute.terminated, $0, $1) }
            xattrs.append(Node.Xattr(name: attribute, value: value))
        }
        return xattrs.sorted { $0.name.lexicographicallyPrecedes($1.name) }
    }

    private func xattrNames(of name: UnsafePointer<CChar>) throws(Errno) -> Bytes {
        if Self.hasListXattrAt {
            let flags = UInt32(AT_SYMLINK_NOFOLLOW)
            return try Self.grown { listxattrat(descriptor.rawValue, name, flags, $0, $1) }
        }
        let path = procPath(of: name)
        return try Self.grown { llistxattr(path, $0, $1) }
    }

    /// Of Linux 6.13. Asked about no directory at all it answers EBADF where it exists.
    private static let hasListXattrAt =
        listxattrat(-1, "name", UInt32(AT_SYMLINK_NOFOLLOW), nil, 0) < 0 && errno == EBADF

    // Older kernels have no call that takes a directory and a name and does not follow links,
    // except by way of /proc (openat(2), "Rationale"): the file itself may be a device or
    // unreadable, so it is not opened.
    private func procPath(of name: UnsafePointer<CChar>) -> [CChar] {
        var path = Array("/proc/self/fd/\(descriptor.rawValue)/".utf8CString.dropLast())
        path += UnsafeBufferPointer(start: name, count: strlen(name) + 1)
        return path
    }

    /// Most files have no attributes: the first try takes no memory.
    private static func grown(
        _ call: (UnsafeMutablePointer<CChar>?, Int) -> Int
    ) throws(Errno) -> Bytes {
        var room: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        let count = withUnsafeMutableBytes(of: &room) {
            call($0.assumingMemoryBound(to: CChar.self).baseAddress, $0.count)
        }
        if count >= 0 { return withUnsafeBytes(of: room) { Bytes($0.prefix(count)) } }
        if errno != ERANGE { throw Errno(rawValue: errno) }
        // 64 KiB is the kernel's limit for both (xattr(7)).
        return try Self.whole(capacity: 1 << 16, call)
    }

    private static func whole(
        capacity: Int, _ call: (UnsafeMutablePointer<CChar>?, Int) -> Int
    ) throws(Errno) -> Bytes {
        var count = 0
        let bytes = Bytes(unsafeUninitializedCapacity: capacity) { buffer, filled in
            count = buffer.withMemoryRebound(to: CChar.self) { call($0.baseAddress, capacity) }
            filled = max(0, count)
        }
        guard count >= 0 else { throw Errno(rawValue: errno) }
        return bytes
    }
}
