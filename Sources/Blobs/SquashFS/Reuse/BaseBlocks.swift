internal import SystemPackage
internal import Trees

/// The blocks of the base, found by what they hold.
struct BaseBlocks: Sendable {
    private let base: Reuse.Base
    /// Where each block stands in the base, from the start of the blob.
    private let offsets: [UInt64]
    private let positions: [ContentHash: UInt32]
    private let damaged = Monitor(0)
    /// The hashes of the base's blocks of 4096 bytes.
    let leaves: BaseLeaves?

    init(_ base: Reuse.Base) {
        self.base = base
        leaves = BaseLeaves(of: base)
        var offset = base.index.firstBlockOffset
        var offsets: [UInt64] = []
        var positions: [ContentHash: UInt32] = [:]
        offsets.reserveCapacity(base.index.blockCount)
        positions.reserveCapacity(base.index.blockCount)
        for position in 0..<base.index.blockCount {
            let block = base.index.block(position)
            offsets.append(offset)
            positions[block.hash] = UInt32(position)
            offset &+= UInt64(block.byteCount)
        }
        self.offsets = offsets
        self.positions = positions
    }

    var damagedCount: Int { damaged.withLock { $0 } }

    func position(of hash: ContentHash) -> Int? { positions[hash].map(Int.init) }

    /// Reads a block, and sees that it is what it was. Nil when it is not, or cannot be read: then
    /// it is made anew.
    func read(_ position: Int, into buffer: BlockBuffer) -> PackedBlock? {
        let block = base.index.block(position)
        let byteCount = block.byteCount
        guard byteCount <= buffer.bytes.count,
            fill(buffer, byteCount, at: base.blobOffset &+ offsets[position]),
            ContentHash.checksum(of: buffer.piece(byteCount), seed: base.index.seed)
                == block.checksum
        else {
            damaged.withLock { $0 += 1 }
            return nil
        }
        return PackedBlock(
            buffer: buffer, start: 0, byteCount: byteCount,
            isCompressed: block.sizeWord >> 24 == 0,
            origin: .init(
                hash: block.hash, checksum: block.checksum, baseOffset: offsets[position]))
    }

    private func fill(_ buffer: BlockBuffer, _ byteCount: Int, at offset: UInt64) -> Bool {
        let room = UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[..<byteCount])
        let count = try? base.file.fill(room, at: offset)  // unreadable is as good as cut short
        return count == byteCount
    }
}
