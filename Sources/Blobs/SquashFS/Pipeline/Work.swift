/// A block as it goes into the file.
struct PackedBlock: Sendable {
    let buffer: BlockBuffer
    /// Where it stands in the buffer, in bytes.
    let start: Int
    let byteCount: Int
    let isCompressed: Bool
    /// Nil where nobody wants to know.
    let origin: Origin?

    struct Origin: Sendable {
        /// Of the content; of a fragment, that of the list of its tails' hashes.
        let hash: ContentHash
        /// Of the block's own bytes.
        let checksum: UInt64
        /// Where it stands in the base, in bytes from the start of the blob; nil for one that was
        /// made anew.
        let baseOffset: UInt64?
    }

    /// As inodes and the fragment table have it: bit 24 says "not compressed" (squashfs_fs.h,
    /// SQUASHFS_COMPRESSED_BIT_BLOCK).
    var sizeWord: UInt32 { UInt32(byteCount) | (isCompressed ? 0 : 1 << 24) }

    var bytes: UnsafeRawBufferPointer { buffer.piece(at: start, byteCount) }
}

/// Tails of files, one behind the other in one buffer.
struct TailBatch: Sendable {
    struct Member: Sendable {
        let file: Int
        let byteCount: Int
        /// Whether another tail has the same length.
        let mayHaveTwin: Bool
        /// Nil where nobody asks for it.
        let hash: ContentHash?
    }

    let buffer: BlockBuffer
    /// Where the first one stands in the buffer, in bytes.
    var start = 0
    var byteCount = 0
    var members: ArraySlice<Member> = []
    /// False where all hashes were known and the bytes are still in their files.
    var isRead = true
}

/// A block of tails, ready to be compressed.
struct Fragment: Sendable {
    /// Position in the fragment table.
    let number: Int
    let buffer: BlockBuffer
    /// Where it stands in the buffer, in bytes.
    let start: Int
    let byteCount: Int
    let members: ArraySlice<TailBatch.Member>
    let isRead: Bool
}

/// What a reading task of the plan came to.
struct ReadOutcome: Sendable {
    enum Contents: Sendable {
        /// Nil for a block of zeros, which is not stored.
        case block(file: Int, index: Int, PackedBlock?)
        case tails(TailBatch)
    }

    let contents: Contents
    /// Of files, by their position in the plan.
    let notes: [(file: Int, note: BlobNote)]
}

/// Bytes of the blob that will not change any more: a multiple of the hash tree's block size.
struct Stretch: Sendable {
    let buffer: BlockBuffer
    /// From the start of the file, in bytes.
    let offset: UInt64
    var byteCount: Int
    /// What of it stands in the base too.
    var runs = BaseRuns()

    static let byteCount = 64 * Verity.blockSize

    var bytes: UnsafeRawBufferPointer { buffer.piece(byteCount) }
}

/// What a worker is given, in the order of what others wait for.
enum Work: Sendable {
    case seal(Stretch)
    case pack(Fragment)
    /// The number is the task's position in the plan.
    case read(Int, ContentPlan.Task, BlockBuffer)
}
