/// A mounted file system that cannot be written to the end, one directory a fault: outputfs.py beside
/// this file. Each holds an `app.img` of 13 bytes. It knows no files without a name, and lives in
/// memory. Needs what `FaultFileSystem` needs.
public struct OutputFileSystem: Sendable {
    public enum Fault: String, Sendable, CaseIterable {
        case none = "sound"
        /// Of the first file that is written and has no name, behind its first MiB.
        case blobEIO = "blob-eio"
        case blobFull = "blob-full"
        /// Of the one that has a name.
        case imageEIO = "image-eio"
        case imageFull = "image-full"
        case syncEIO = "fsync-eio"
        case syncFull = "fsync-full"
        case renameEIO = "rename-eio"
        case directorySyncEIO = "fsyncdir-eio"
    }

    public static let oldImage = "the old image"

    private let mountPoint: String

    public func path(_ fault: Fault) -> String { "\(mountPoint)/\(fault.rawValue)" }

    /// Mounts it, and unmounts it however `body` ends.
    public static func mounted<Value>(_ body: (OutputFileSystem) throws -> Value) throws -> Value {
        let scratch = try TemporaryDirectory()
        let server = try FaultServer("outputfs.py", mountPoint: scratch.path)
        let result = Result { try body(OutputFileSystem(mountPoint: scratch.path)) }
        try server.stop()
        return try result.get()
    }
}
