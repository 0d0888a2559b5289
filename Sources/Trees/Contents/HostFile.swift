internal import Glibc
public import SystemPackage

/// Which file of this machine: the same while any name of it exists.
public struct HostIdentity: Sendable, Hashable {
    public var device: UInt64
    public var inode: UInt64

    public init(device: UInt64, inode: UInt64) {
        self.device = device
        self.inode = inode
    }

    /// Of an open file, for instance of the output that must not become part of its own image.
    public init(of file: FileDescriptor) throws(Errno) {
        var status = stat()
        guard fstat(file.rawValue, &status) == 0 else { throw Errno(rawValue: errno) }
        self.init(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    }
}

/// The open root of a tree on this machine. Everything in the tree is reached from here, so the
/// tree may be renamed, but not replaced, while it is being read. Closed with its last owner.
public final class HostDirectory: Sendable {
    /// As the user wrote it, for messages.
    public let name: String
    /// Whether files may change while they are read (`--allow-changing`).
    let mayChange: Bool
    let descriptor: FileDescriptor

    init(name: String, mayChange: Bool, descriptor: FileDescriptor) {
        self.name = name
        self.mayChange = mayChange
        self.descriptor = descriptor
    }

    deinit {
        _ = Glibc.close(descriptor.rawValue)
    }
}

/// Where a tree's file is found again, and how it looked when the tree was read. A file that
/// looks different when it is opened or when its last byte was read is refused.
public struct HostFile: Sendable, Equatable {
    /// What stat(2) says of a file.
    public struct Look: Sendable, Hashable {
        public let identity: HostIdentity
        public let byteCount: UInt64
        public let mtimeSeconds: Int64
        public let mtimeNanoseconds: Int32
        public let ctimeSeconds: Int64
        public let ctimeNanoseconds: Int32

        public init(
            identity: HostIdentity, byteCount: UInt64, mtimeSeconds: Int64,
            mtimeNanoseconds: Int32, ctimeSeconds: Int64, ctimeNanoseconds: Int32
        ) {
            self.identity = identity
            self.byteCount = byteCount
            self.mtimeSeconds = mtimeSeconds
            self.mtimeNanoseconds = mtimeNanoseconds
            self.ctimeSeconds = ctimeSeconds
            self.ctimeNanoseconds = ctimeNanoseconds
        }
    }

    public let directory: HostDirectory
    public let path: TreePath
    public let look: Look

    public var identity: HostIdentity { look.identity }
    public var byteCount: UInt64 { look.byteCount }

    /// The same file looking the same, by whatever name.
    public static func == (left: HostFile, right: HostFile) -> Bool { left.look == right.look }

    /// For messages: the tree as the user wrote it, and the path in it.
    public var place: HostPlace { HostPlace(tree: directory.name, path: path) }
}

/// A path in a tree of this machine, for messages.
public struct HostPlace: Sendable, Hashable, CustomStringConvertible {
    public let tree: String
    public let path: TreePath

    public init(tree: String, path: TreePath) {
        self.tree = tree
        self.path = path
    }

    public var description: String {
        if path.isRoot { return tree }
        return (tree.hasSuffix("/") ? tree : tree + "/") + String(printable: path.bytes)
    }
}
