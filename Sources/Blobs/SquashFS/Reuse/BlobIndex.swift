public import SystemPackage

/// What a blob was made of: which content each of its blocks holds, and which files had it.
///
/// Kept apart from the blob, which carries nothing for it, and for one purpose: to make the next
/// blob without compressing again. It is private, for it has the seed of the hashes.
///
///     offset  bytes  meaning
///          0      8  magic, with the version of this layout
///          8     32  root hash of the blob's hash tree
///         40     16  what blocks were compressed by (`Compressor.identity`)
///         56      8  seed of all hashes
///         64      8  where the first block stands, from the start of the blob
///         72      8  number of blocks
///         80      8  number of block positions
///         88      8  number of files
///         96    28n  blocks, as they follow each other in the blob: hash of the content, checksum
///                    of the stored bytes, size as inodes have it
///                4n  positions of the blocks of all files, one file behind the other; 2^32-1 is
///                    a block of zeros
///               72n  files, by device and inode: device, inode, length, times of the last change
///                    of content and of status (8 bytes of seconds, 4 of nanoseconds each), hash
///                    of the tail, first of its block positions (8 bytes)
///        end     16  XXH3 of everything before, 128 bits, seed 0
///
/// Numbers are little-endian. The hash of a fragment is that of the list of its tails' hashes.
///
/// Written by `BlobIndexDraft`. What is said of files, most of it, stays in its file.
public struct BlobIndex: Sendable {
    static let magic: UInt64 = 0x3130_7864_6965_6b62  // "bkeidx01"
    static let headByteCount = 96
    static let blockByteCount = 28
    static let positionByteCount = 4
    static let fileByteCount = 72
    static let zeros = UInt32.max

    let seed: UInt64
    let compressor: ContentHash
    let firstBlockOffset: UInt64
    let blockCount: Int
    let positionCount: Int
    /// All that stands before the files.
    private let front: [UInt8]
    private let files: IndexedFiles

    /// Reads all of it once, to see that it is whole.
    ///
    /// - Parameter descriptor: of a file that nobody writes to. Taken over: it is closed with the
    ///   last copy of the index, or at once.
    /// - Returns: nil for a file that is damaged, of another layout or about another blob.
    public init?(_ descriptor: FileDescriptor, rootHash: [UInt8]) {
        let file = IndexFile(descriptor)
        guard let head = file.bytes(at: 0, count: Self.headByteCount),
            head.number(at: 0, as: UInt64.self) == Self.magic,
            rootHash.count == 32, head[8..<40].elementsEqual(rootHash)
        else { return nil }
        compressor = head.hash(at: 40)
        seed = head.number(at: 56, as: UInt64.self)
        firstBlockOffset = head.number(at: 64, as: UInt64.self)
        let counts = [72, 80, 88].map { head.number(at: $0, as: UInt64.self) }
        // No more than there are bytes, so that nothing below overflows.
        guard file.byteCount < 1 << 48, counts.allSatisfy({ $0 <= file.byteCount }) else {
            return nil
        }
        blockCount = Int(counts[0])
        positionCount = Int(counts[1])
        let fileCount = Int(counts[2])
        let byteCount = Self.byteCount(
            blockCount: blockCount, positionCount: positionCount, fileCount: fileCount)
        let end = byteCount - ContentHash.byteCount
        let fileStart = end - fileCount * Self.fileByteCount
        guard file.byteCount == UInt64(byteCount),
            let front = file.bytes(at: 0, count: fileStart)
        else { return nil }
        var digest = StreamedHash()
        digest.append(front)
        guard
            let files = IndexedFiles(file, at: fileStart, count: fileCount, &digest),
            file.bytes(at: end, count: ContentHash.byteCount)?.hash(at: 0) == digest.hash()
        else { return nil }
        self.front = front
        self.files = files
    }

    /// Of the whole index.
    static func byteCount(blockCount: Int, positionCount: Int, fileCount: Int) -> Int {
        headByteCount + blockCount * blockByteCount + positionCount * positionByteCount
            + fileCount * fileByteCount + ContentHash.byteCount
    }

    private var positionStart: Int { Self.headByteCount + blockCount * Self.blockByteCount }
}

// MARK: What it says

extension BlobIndex {
    /// A block as it stands in the blob.
    struct Block {
        let hash: ContentHash
        let checksum: UInt64
        /// Length and, in bit 24, "not compressed".
        let sizeWord: UInt32

        var byteCount: Int { Int(sizeWord & ~(1 << 24)) }
    }

    /// A file that was read, as it looked then.
    struct File {
        let tailHash: ContentHash
        let firstPosition: Int
    }

    func block(_ position: Int) -> Block {
        let start = Self.headByteCount + position * Self.blockByteCount
        return Block(
            hash: front.hash(at: start), checksum: front.number(at: start + 16, as: UInt64.self),
            sizeWord: front.number(at: start + 24, as: UInt32.self))
    }

    /// Nil for one that an index cannot have.
    func blockPosition(_ index: Int) -> UInt32? {
        guard index >= 0, index < positionCount else { return nil }
        let position = front.number(
            at: positionStart + index * Self.positionByteCount, as: UInt32.self)
        return position == Self.zeros || Int(position) < blockCount ? position : nil
    }

    /// The file that looked exactly like this; nil when none did.
    func file(like look: FileLook) -> File? { files.file(like: look) }
}

extension [UInt8] {
    /// - Precondition: inside.
    func number<Number: FixedWidthInteger>(at offset: Int, as type: Number.Type) -> Number {
        withUnsafeBytes { Number(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: type)) }
    }

    func hash(at offset: Int) -> ContentHash {
        ContentHash(
            low: number(at: offset, as: UInt64.self), high: number(at: offset + 8, as: UInt64.self))
    }

    mutating func append(number: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: number.littleEndian) { append(contentsOf: $0) }
    }

    mutating func append(_ hash: ContentHash) {
        append(number: hash.low)
        append(number: hash.high)
    }
}
