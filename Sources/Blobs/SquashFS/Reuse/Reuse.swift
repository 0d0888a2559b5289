internal import Glibc
public import SystemPackage

/// How a blob may be made from what an earlier one has.
public struct Reuse: Sendable {
    /// When a file is taken for unchanged.
    public enum Trust: String, Sendable, CaseIterable {
        /// Never without reading it: its content has the hash it had.
        case hash
        /// When length, times, inode and device are those it had.
        case stat
    }

    /// An earlier blob.
    public struct Base: Sendable {
        let file: FileDescriptor
        public let blobOffset: UInt64
        let index: BlobIndex
        let verity: Verity?

        /// - Parameters:
        ///   - file: open for reading; stays the caller's, and open while a blob is made.
        ///   - blobOffset: where the blob stands in it.
        ///   - verity: the blob's hash tree, where that is to be reused too.
        public init(
            file: FileDescriptor, blobOffset: UInt64, index: BlobIndex, verity: Verity? = nil
        ) {
            self.file = file
            self.blobOffset = blobOffset
            self.index = index
            self.verity = verity
        }
    }

    public var base: Base?
    public var trust: Trust
    /// When the first file was looked at, seconds since 1970: what changed later, or shortly
    /// before, the next blob does not know by its looks.
    public var startSeconds: Int64

    public init(base: Base? = nil, trust: Trust = .hash, startSeconds: Int64? = nil) {
        self.base = base
        self.trust = trust
        self.startSeconds = startSeconds ?? Int64(time(nil))
    }

    /// What came of it.
    public struct Outcome: Sendable, Equatable {
        /// Blocks taken from the base, and their length in bytes as they are stored.
        public var blockCount = 0
        public var byteCount: UInt64 = 0
        /// Blocks of the base that were wanted and are not what they were.
        public var damagedBlockCount = 0
        /// The base was compressed in another way, and nothing of it used.
        public var isOtherwiseCompressed = false

        public init() {}
    }
}
