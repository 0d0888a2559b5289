/// What stands behind one or several paths of a tree: kind, contents and metadata.
public struct Node: Sendable, Equatable {
    public enum Kind: Sendable, Equatable {
        case directory
        case regular(Content)
        case symlink(target: Bytes)
        case characterDevice(Device)
        case blockDevice(Device)
        case fifo
        case socket
    }

    public enum Content: Sendable, Equatable {
        case bytes(Bytes)
        /// Opened when the blob is written, not before. Indirect: copies of a node, of which each
        /// stage has one, share it.
        indirect case file(HostFile)
        /// Read from an archive already.
        indirect case stored(StoredContent)

        /// Length in bytes, holes included.
        public var byteCount: UInt64 {
            switch self {
            case .bytes(let bytes): UInt64(bytes.count)
            case .file(let file): file.byteCount
            case .stored(let content): content.byteCount
            }
        }
    }

    public struct Device: Sendable, Hashable {
        /// 0 to 4095.
        public var major: UInt32
        /// 0 to 1048575.
        public var minor: UInt32

        public init(major: UInt32, minor: UInt32) {
            self.major = major
            self.minor = minor
        }
    }

    public struct Xattr: Sendable, Hashable {
        /// With its namespace: `security.capability`.
        public var name: Bytes
        public var value: Bytes

        public init(name: Bytes, value: Bytes) {
            self.name = name
            self.value = value
        }
    }

    public var kind: Kind
    /// The bits of 07777.
    public var permissions: UInt16
    public var uid: UInt32
    public var gid: UInt32
    /// Since 1970, UTC; may be negative.
    public var mtimeSeconds: Int64
    /// Sorted by name, names unique.
    public var xattrs: [Xattr]
    /// Of the file it was read from, when that has more than one name: equal identities become one
    /// node when layers are laid over each other.
    public var identity: HostIdentity?

    public init(
        _ kind: Kind, permissions: UInt16, uid: UInt32 = 0, gid: UInt32 = 0,
        mtimeSeconds: Int64 = 0, xattrs: [Xattr] = [], identity: HostIdentity? = nil
    ) {
        self.kind = kind
        self.permissions = permissions & 0o7777
        self.uid = uid
        self.gid = gid
        self.mtimeSeconds = mtimeSeconds
        self.xattrs = xattrs.sorted { $0.name.lexicographicallyPrecedes($1.name) }
        self.identity = identity
    }

    public static func directory(permissions: UInt16 = 0o755, mtimeSeconds: Int64 = 0) -> Node {
        Node(.directory, permissions: permissions, mtimeSeconds: mtimeSeconds)
    }

    public static func file(
        _ bytes: Bytes, permissions: UInt16 = 0o644, mtimeSeconds: Int64 = 0
    ) -> Node {
        Node(.regular(.bytes(bytes)), permissions: permissions, mtimeSeconds: mtimeSeconds)
    }

    public static func symlink(to target: Bytes, mtimeSeconds: Int64 = 0) -> Node {
        Node(.symlink(target: target), permissions: 0o777, mtimeSeconds: mtimeSeconds)
    }

    public var isDirectory: Bool {
        // Comparing kinds would take hold of the contents.
        if case .directory = kind { true } else { false }
    }

    /// Length of a regular file's content in bytes; 0 for everything else.
    public var byteCount: UInt64 {
        guard case .regular(let content) = kind else { return 0 }
        return content.byteCount
    }
}

extension Node.Kind {
    /// For messages: "a directory", "a socket".
    public var noun: String {
        switch self {
        case .directory: "a directory"
        case .regular: "a file"
        case .symlink: "a symbolic link"
        case .characterDevice: "a character device"
        case .blockDevice: "a block device"
        case .fifo: "a named pipe"
        case .socket: "a socket"
        }
    }
}
