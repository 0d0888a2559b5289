import Foundation

/// A mounted file system whose files misbehave, one directory a fault: faultfs.py beside this file.
/// Needs /dev/fuse and the right to mount, which root has; a machine that lacks them fails the test.
public struct FaultFileSystem: Sendable {
    public enum Fault: String, Sendable, CaseIterable {
        case shrinks, grows, modified, vanishes, denied
        case readsEIO = "reads-eio"
        /// Has data although its size is 0, as files of proc do.
        case noSize = "no-size"
        case statusEIO = "stat-eio"
        case xattrEIO = "xattr-eio"
        case linkEIO = "link-eio"
        case listEIO = "list-eio"
        case listDenied = "list-denied"
    }

    private let mountPoint: String

    /// A directory with good files `aaa` and `zzz`, and what has the fault, `bad`, between them.
    public func path(_ fault: Fault) -> String { "\(mountPoint)/\(fault.rawValue)" }

    /// Mounts it, and unmounts it however `body` ends.
    public static func mounted<Value>(_ body: (FaultFileSystem) throws -> Value) throws -> Value {
        let scratch = try TemporaryDirectory()
        let server = try FaultServer("faultfs.py", mountPoint: scratch.path)
        let result = Result { try body(FaultFileSystem(mountPoint: scratch.path)) }
        try server.stop()
        return try result.get()
    }
}
