internal import Glibc
internal import SystemPackage

extension HostDirectory {
    /// What one system call takes as a path, its NUL included (PATH_MAX, limits.h).
    private static let longestPath = 4096

    /// Opens a path below this directory, however long. The last component is not followed when it
    /// is a symbolic link; whoever opens compares the identity of what was opened, so a directory
    /// replaced by a link in the meantime cannot lead elsewhere unnoticed.
    func open(_ path: TreePath, _ flags: Int32) throws(Errno) -> FileDescriptor {
        var rest = path.bytes[...]
        var base = descriptor
        defer { if base != descriptor { _ = Glibc.close(base.rawValue) } }
        while rest.count >= Self.longestPath {
            let head = rest.prefix(Self.longestPath - 1)
            // A name has at most 255 bytes, so there is a slash among the first 4095.
            guard let slash = head.lastIndex(of: UInt8(ascii: "/")) else { throw .fileNameTooLong }
            let next = try Self.openAt(
                base, head[..<slash].terminated, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
            if base != descriptor { _ = Glibc.close(base.rawValue) }
            base = next
            rest = rest[(slash + 1)...]
        }
        let last = rest.isEmpty ? [UInt8(ascii: ".")] : rest
        return try Self.openAt(base, last.terminated, flags | O_NOFOLLOW)
    }

    static func openAt(
        _ base: FileDescriptor, _ path: UnsafePointer<CChar>, _ flags: Int32
    ) throws(Errno) -> FileDescriptor {
        while true {
            let descriptor = openat(base.rawValue, path, flags | O_CLOEXEC)
            if descriptor >= 0 { return FileDescriptor(rawValue: descriptor) }
            if errno != EINTR { throw Errno(rawValue: errno) }
        }
    }
}
