import Glibc
public import SystemPackage

/// Keeps a second user of a cache out while one is at work: flock(2), so it ends with the process.
public struct CacheLock: Sendable {
    private let file: FileDescriptor

    /// `whenTaken` is called before waiting for another holder.
    public init(_ path: FilePath, whenTaken: () -> Void) throws(FileFailure) {
        file = try Self.open(path)
        if flock(file.rawValue, LOCK_EX | LOCK_NB) == 0 { return }
        whenTaken()
        while flock(file.rawValue, LOCK_EX) != 0 {
            guard Glibc.errno == EINTR else {
                throw FileFailure(
                    action: "lock", path: path, errno: Errno(rawValue: Glibc.errno))
            }
        }
    }

    /// Nil when another holder has it.
    public init?(ifFree path: FilePath) throws(FileFailure) {
        file = try Self.open(path)
        if flock(file.rawValue, LOCK_EX | LOCK_NB) == 0 { return }
        let reason = Glibc.errno
        release()
        guard reason == EWOULDBLOCK || reason == EINTR else {
            throw FileFailure(action: "lock", path: path, errno: Errno(rawValue: reason))
        }
        return nil
    }

    private static func open(_ path: FilePath) throws(FileFailure) -> FileDescriptor {
        do {
            return try FileDescriptor.open(
                path, .writeOnly, options: [.create, .closeOnExec],
                permissions: FilePermissions(rawValue: 0o644))
        } catch {
            throw FileFailure(action: "lock", path: path, errno: errno(of: error))
        }
    }

    public func release() {
        // Not by closing alone: a child of this process has the file too, until it runs its program.
        _ = flock(file.rawValue, LOCK_UN)
        try? file.close()  // Nothing was written.
    }
}
