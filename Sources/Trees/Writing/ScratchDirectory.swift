internal import CXattr
internal import Glibc
internal import Synchronization
public import SystemPackage

/// A directory of our own, gone when this value is.
public struct ScratchDirectory: ~Copyable {
    public let path: FilePath
    private var isKept = false

    /// - Parameters:
    ///   - parent: where it is made.
    ///   - stem: how its name begins; random letters follow.
    public init(in parent: FilePath, stem: String) throws(Errno) {
        // 255 bytes is the longest name of a directory entry (limits.h, NAME_MAX).
        let start = String(decoding: stem.utf8.prefix(240), as: UTF8.self)
        var template = Array(parent.appending("\(start)XXXXXX").string.utf8CString)
        // Held while it is made, so that no interruption comes between the making and the list.
        let made: Result<String, Errno> = unfinished.withLock { state in
            guard mkdtemp(&template) != nil else { return .failure(Errno(rawValue: errno)) }
            let path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
            state.paths.insert(path)
            return .success(path)
        }
        path = FilePath(try made.get())
        Self.forgetInheritance(path)
    }

    deinit {
        // A directory that cannot be removed is litter; what failed before is the thing to tell.
        if !isKept { try? Self.remove(path) }  // as said above
    }

    /// Removes it with all it holds.
    public consuming func remove() throws(Errno) {
        isKept = true
        try Self.remove(path)
    }

    /// Gives it a name for good. What stands there must be an empty directory, if anything.
    consuming func rename(to destination: FilePath) throws(Errno) {
        guard Glibc.rename(path.string, destination.string) == 0 else {
            throw Errno(rawValue: errno)
        }
        isKept = true
        let name = path.string
        unfinished.withLock { _ = $0.paths.remove(name) }
    }

    /// Removes all such directories, for a command that was interrupted and is about to end. Who
    /// writes into them stops for good. Not to be called inside a signal handler.
    public static func removeUnfinished() {
        let paths = unfinished.withLock { state in
            state.isEnding = true
            return state.paths
        }
        for path in paths { remove(repeatedly: FilePath(path)) }
    }

    /// Called by whoever writes into such a directory, every now and then: never returns once
    /// `removeUnfinished` has begun.
    public static func pauseIfEnding() {
        while unfinished.withLock({ $0.isEnding }) { sleep(1) }
    }

    // MARK: Details

    private static func remove(_ path: FilePath) throws(Errno) {
        try TreeRemoval.remove(path)
        let name = path.string
        unfinished.withLock { _ = $0.paths.remove(name) }
    }

    /// Until the last writer has noticed.
    private static func remove(repeatedly path: FilePath) {
        for _ in 0..<100 {
            do throws(Errno) {
                return try remove(path)
            } catch .directoryNotEmpty {
                usleep(20_000)
            } catch {
                return
            }
        }
    }

    /// A parent with a group or access control list for everything made in it has no say in a tree
    /// that brings its own.
    private static func forgetInheritance(_ path: FilePath) {
        for name in ["system.posix_acl_default", "system.posix_acl_access"] {
            removexattr(path.string, name)
        }
        chown(path.string, uid_t.max, getegid())
        chmod(path.string, 0o700)
    }
}

private struct Unfinished {
    var paths: Set<String> = []
    var isEnding = false
}

private let unfinished = Mutex(Unfinished())
