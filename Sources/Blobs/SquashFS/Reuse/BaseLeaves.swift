internal import Glibc
internal import SystemPackage

/// Runs of a stretch that stand in the base too, each moved by one distance.
struct BaseRuns: Sendable {
    struct Run: Sendable {
        /// In bytes from the start of the new blob.
        var range: Range<UInt64>
        var baseOffset: UInt64
    }

    private(set) var runs: [Run] = []

    /// - Precondition: behind what was appended before.
    mutating func append(_ range: Range<UInt64>, baseOffset: UInt64) {
        if let last = runs.last, last.range.upperBound == range.lowerBound,
            last.baseOffset + UInt64(last.range.count) == baseOffset
        {
            runs[runs.count - 1].range = last.range.lowerBound..<range.upperBound
        } else {
            runs.append(Run(range: range, baseOffset: baseOffset))
        }
    }
}

/// The hashes of the base's blocks of 4096 bytes, as its hash tree has them: what stands there as it
/// stood in the base need not be hashed again. The bytes themselves were checked when they were read
/// (`BaseBlocks`), and a hash that were not theirs would only make the guest refuse them.
struct BaseLeaves: Sendable {
    private let bytes: [UInt8]

    /// Nil where they do not add up to the root hash that the index goes by.
    init?(of base: Reuse.Base) {
        guard let verity = base.verity, verity.salt == HashTree.salt,
            let leaves = Self.read(verity, base),
            HashTree(leaves: leaves).rootHash == verity.rootHash
        else { return nil }
        bytes = leaves
    }

    /// The lowest level, which is the last one in the file.
    private static func read(_ verity: Verity, _ base: Reuse.Base) -> [UInt8]? {
        // No image has more; a damaged number must not become a reservation of memory.
        guard verity.dataBlockCount > 1, verity.dataBlockCount < 1 << 26 else { return nil }
        let byteCount = Int(verity.dataBlockCount) * HashTree.hashByteCount
        let perBlock = UInt64(Verity.blockSize / HashTree.hashByteCount)
        var levelCount = (verity.dataBlockCount + perBlock - 1) / perBlock
        var blocksAbove: UInt64 = 0
        while levelCount > 1 {
            levelCount = (levelCount + perBlock - 1) / perBlock
            blocksAbove += levelCount
        }
        let start = base.blobOffset &+ (verity.hashStartBlock &+ blocksAbove) &* 4096
        var leaves = [UInt8](repeating: 0, count: byteCount)
        let count = leaves.withUnsafeMutableBytes {
            pread(base.file.rawValue, $0.baseAddress, byteCount, off_t(truncatingIfNeeded: start))
        }
        return count == byteCount ? leaves : nil
    }

    /// Nil behind the end of the base.
    fileprivate func hashes(ofBlocks blocks: Range<Int>) -> ArraySlice<UInt8>? {
        let size = HashTree.hashByteCount
        guard blocks.upperBound * size <= bytes.count else { return nil }
        return bytes[blocks.lowerBound * size..<blocks.upperBound * size]
    }
}

extension Stretch {
    /// The hash of each of its blocks, computed only where the base's tree does not have it.
    func leaves(knowing known: BaseLeaves?) -> [UInt8] {
        guard let known else { return HashTree.hashes(ofBlocksIn: bytes) }
        let size = UInt64(Verity.blockSize)
        var leaves: [UInt8] = []
        var hashed = 0
        func hash(upTo end: Int) {
            if end > hashed {
                leaves += HashTree.hashes(ofBlocksIn: buffer.piece(at: hashed, end - hashed))
            }
            hashed = end
        }
        for run in runs.runs where (run.baseOffset &- run.range.lowerBound) % size == 0 {
            let first = (run.range.lowerBound + size - 1) / size * size
            let end = run.range.upperBound / size * size
            guard first < end else { continue }
            let block = Int((run.baseOffset + (first - run.range.lowerBound)) / size)
            guard let found = known.hashes(ofBlocks: block..<block + Int((end - first) / size))
            else { continue }
            hash(upTo: Int(first - offset))
            leaves += found
            hashed = Int(end - offset)
        }
        hash(upTo: byteCount)
        return leaves
    }
}
