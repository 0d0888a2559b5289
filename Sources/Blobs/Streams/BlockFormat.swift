/// A format made of blocks that can be compressed apart from each other, and what stands around
/// them. Kept by the one thread that writes, which sees every block in order.
protocol BlockFormat: Sendable {
    /// Contents of a block, in bytes; fewer in the last.
    var blockByteCount: Int { get }
    /// How much of what stands before a block its compressor looks at, in bytes.
    var historyByteCount: Int { get }
    /// What a compressed block can take at most, with all that belongs to it.
    var packedByteCountLimit: Int { get }
    var header: [UInt8] { get }

    /// One for each thread.
    func makeCompressor() throws(BlobError) -> any BlockCompressor

    /// The next block, in order.
    mutating func add(_ contents: UnsafeRawBufferPointer, checksum: UInt32)

    /// After the last block.
    var trailer: [UInt8] { get }
}

protocol BlockCompressor: AnyObject {
    /// - Parameter space: of `packedByteCountLimit` bytes.
    func pack(
        _ block: StreamBlock, into space: UnsafeMutableRawBufferPointer
    ) throws(BlobError) -> PackedStreamBlock
}

/// Valid while it is being packed.
struct StreamBlock {
    /// What stands before the block; empty for the first.
    let history: UnsafeRawBufferPointer
    let contents: UnsafeRawBufferPointer
    let isLast: Bool
}

struct PackedStreamBlock: Sendable {
    let byteCount: Int
    /// Of the contents, where the format wants one that can be made by blocks.
    var checksum: UInt32 = 0
}

/// No compression.
struct PlainFormat: BlockFormat {
    private final class Copying: BlockCompressor {
        func pack(
            _ block: StreamBlock, into space: UnsafeMutableRawBufferPointer
        ) -> PackedStreamBlock {
            space.copyMemory(from: block.contents)
            return PackedStreamBlock(byteCount: block.contents.count)
        }
    }

    let blockByteCount = 1 << 20
    let historyByteCount = 0
    let packedByteCountLimit = 1 << 20
    let header: [UInt8] = []
    let trailer: [UInt8] = []

    func makeCompressor() -> any BlockCompressor { Copying() }

    mutating func add(_ contents: UnsafeRawBufferPointer, checksum: UInt32) {}
}
