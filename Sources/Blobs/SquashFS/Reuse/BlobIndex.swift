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
public struct BlobIndex: Sendable, Equatable {
    static let magic: UInt64 = 0x3130_7864_6965_6b62  // "bkeidx01"
    static let headByteCount = 96
    static let blockByteCount = 28
    static let positionByteCount = 4
    static let fileByteCount = 72
    static let zeros = UInt32.max

    /// As they are kept.
    public let bytes: [UInt8]

    let seed: UInt64
    let compressor: ContentHash
    let firstBlockOffset: UInt64
    let blockCount: Int
    let positionCount: Int
    let fileCount: Int

    /// - Returns: nil for bytes that are damaged, of another layout or about another blob.
    public init?(_ bytes: [UInt8], rootHash: [UInt8]) {
        let head = Self.headByteCount
        guard bytes.count >= head + ContentHash.byteCount,
            bytes.number(at: 0, as: UInt64.self) == Self.magic,
            rootHash.count == 32, bytes[8..<40].elementsEqual(rootHash),
            Self.digest(of: bytes.dropLast(ContentHash.byteCount))
                == bytes.hash(at: bytes.count - ContentHash.byteCount)
        else { return nil }
        compressor = bytes.hash(at: 40)
        seed = bytes.number(at: 56, as: UInt64.self)
        firstBlockOffset = bytes.number(at: 64, as: UInt64.self)
        let counts = [72, 80, 88].map { bytes.number(at: $0, as: UInt64.self) }
        // No more than there are bytes, so that nothing below overflows.
        guard counts.allSatisfy({ $0 <= UInt64(bytes.count) }) else { return nil }
        blockCount = Int(counts[0])
        positionCount = Int(counts[1])
        fileCount = Int(counts[2])
        self.bytes = bytes
        guard fileStart + fileCount * Self.fileByteCount + ContentHash.byteCount == bytes.count
        else { return nil }
    }

    static func digest(of bytes: ArraySlice<UInt8>) -> ContentHash {
        bytes.withUnsafeBytes { ContentHash(of: $0, seed: 0) }
    }

    private var positionStart: Int { Self.headByteCount + blockCount * Self.blockByteCount }
    private var fileStart: Int { positionStart + positionCount * Self.positionByteCount }
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
            hash: bytes.hash(at: start), checksum: bytes.number(at: start + 16, as: UInt64.self),
            sizeWord: bytes.number(at: start + 24, as: UInt32.self))
    }

    /// Nil for one that an index cannot have.
    func blockPosition(_ index: Int) -> UInt32? {
        guard index >= 0, index < positionCount else { return nil }
        let position = bytes.number(
            at: positionStart + index * Self.positionByteCount, as: UInt32.self)
        return position == Self.zeros || Int(position) < blockCount ? position : nil
    }

    /// The file that looked exactly like this; nil when none did.
    func file(like look: FileLook) -> File? {
        var low = 0
        var high = fileCount
        while low < high {
            let middle = (low + high) / 2
            let start = fileStart + middle * Self.fileByteCount
            let found = FileLook(bytes, at: start)
            if found == look {
                return File(
                    tailHash: bytes.hash(at: start + 48),
                    firstPosition: Int(bytes.number(at: start + 64, as: UInt32.self)))
            }
            if found.isBefore(look) { low = middle + 1 } else { high = middle }
        }
        return nil
    }
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
