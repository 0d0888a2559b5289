internal import CLZ4

/// A block of LZ4 on its own, which both of its formats are made of; four bytes before it say how
/// long it is.
final class LZ4Compressor: BlockCompressor {
    private let level: Int
    private let storesWhatDoesNotShrink: Bool
    private let state: UnsafeMutableRawBufferPointer

    static let lengthByteCount = 4

    /// - Parameter storesWhatDoesNotShrink: as it is, marked by the length's highest bit.
    init(level: Int, storesWhatDoesNotShrink: Bool) {
        self.level = level
        self.storesWhatDoesNotShrink = storesWhatDoesNotShrink
        let byteCount = level == 1 ? LZ4_sizeofState() : LZ4_sizeofStateHC()
        state = .allocate(byteCount: Int(byteCount), alignment: 16)
    }

    deinit { state.deallocate() }

    static func packedByteCountLimit(of blockByteCount: Int) -> Int {
        lengthByteCount + Int(LZ4_compressBound(Int32(blockByteCount)))
    }

    func pack(
        _ block: StreamBlock, into space: UnsafeMutableRawBufferPointer
    ) throws(BlobError) -> PackedStreamBlock {
        let contents = block.contents
        // A length of zero would be the end.
        if contents.isEmpty { return PackedStreamBlock(byteCount: 0) }
        let body = UnsafeMutableRawBufferPointer(rebasing: space[Self.lengthByteCount...])
        var byteCount = try compress(contents, into: body)
        var mark: UInt32 = 0
        if storesWhatDoesNotShrink, byteCount >= contents.count {
            body.copyMemory(from: contents)
            byteCount = contents.count
            mark = 1 << 31
        }
        space.storeBytes(of: (UInt32(byteCount) | mark).littleEndian, as: UInt32.self)
        return PackedStreamBlock(byteCount: Self.lengthByteCount + byteCount)
    }

    private func compress(
        _ contents: UnsafeRawBufferPointer, into body: UnsafeMutableRawBufferPointer
    ) throws(BlobError) -> Int {
        let from = contents.baseAddress!.assumingMemoryBound(to: CChar.self)
        let to = body.baseAddress!.assumingMemoryBound(to: CChar.self)
        let (count, limit) = (Int32(contents.count), Int32(body.count))
        let byteCount =
            level == 1
            ? LZ4_compress_fast_extState(state.baseAddress, from, to, count, limit, 1)
            : LZ4_compress_HC_extStateHC(
                state.baseAddress, from, to, count, limit, Int32(level))
        guard byteCount > 0 else {
            throw .streamLibrary("liblz4", call: "LZ4_compress", error: "\(byteCount)")
        }
        return Int(byteCount)
    }
}

/// The kernel's kind (lib/decompress_unlz4.c): a magic number, then blocks up to the end of the
/// file. It has no checksum.
struct LZ4LegacyFormat: BlockFormat {
    let level: Int

    let blockByteCount = 8 << 20
    let historyByteCount = 0
    let header: [UInt8] = [0x02, 0x21, 0x4c, 0x18]
    let trailer: [UInt8] = []

    var packedByteCountLimit: Int { LZ4Compressor.packedByteCountLimit(of: blockByteCount) }

    func makeCompressor() -> any BlockCompressor {
        LZ4Compressor(level: level, storesWhatDoesNotShrink: false)
    }

    mutating func add(_ contents: UnsafeRawBufferPointer, checksum: UInt32) {}
}
