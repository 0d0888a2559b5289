internal import Glibc
public import SystemPackage

/// How everything in a directory of this machine looks at one moment: what is compared to find out
/// what somebody did there.
public struct DirectorySnapshot: Sendable {
    /// Since 1970, UTC.
    public struct Moment: Sendable, Hashable, Comparable {
        public var seconds: Int64
        public var nanoseconds: UInt32

        public init(seconds: Int64, nanoseconds: UInt32) {
            self.seconds = seconds
            self.nanoseconds = nanoseconds
        }

        public static func < (left: Moment, right: Moment) -> Bool {
            (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
        }
    }

    public struct File: Sendable {
        /// The number of a file that is gone may belong to a new one; the pair with `born` does not.
        public let identity: HostIdentity
        /// Nil where the file system does not tell.
        public let born: Moment?
        public let kind: Node.Kind
        public var permissions: UInt16
        public let uid: UInt32
        public let gid: UInt32
        public let modified: Moment
        /// Of the inode: no program can set it.
        public let changed: Moment
        /// All there are, of whatever kind. Sorted by name.
        public let xattrs: [Node.Xattr]
    }

    public struct Entry: Sendable {
        public let path: TreePath
        /// Position in `files`; hard links share it.
        public let fileIndex: Int
    }

    public var files: [File]
    /// Sorted by path; the first is the root.
    public internal(set) var entries: [Entry]

    public enum Permissions: Sendable {
        /// Files that nobody may read get their permissions back.
        case kept
        /// Files that nobody may read can be read afterwards. What the snapshot says of them is
        /// how they were.
        case opened
    }

    /// Looks at a directory of our own, which nobody changes meanwhile.
    ///
    /// - Parameter name: the directory's name in messages.
    public static func take(
        of directory: FilePath, called name: String, leaving permissions: Permissions
    ) throws(TreeError) -> DirectorySnapshot {
        var walk = try SnapshotWalk(directory, called: name, leaving: permissions)
        try walk.run()
        if permissions == .kept { try walk.closeAgain() }
        return DirectorySnapshot(files: walk.files, entries: walk.entries)
    }
}
