internal import CZlib

/// One gzip member (RFC 1952) without name and time: blocks that are deflated apart, each knowing
/// the 32 KiB before it, and flushed to a whole byte so that they can be put one behind the other.
struct GzipFormat: BlockFormat {
    let level: Int
    private var checksum: UInt = 0
    private var contentByteCount: UInt64 = 0

    let blockByteCount = 1 << 20
    let historyByteCount = 32 << 10

    init(level: Int) { self.level = level }

    /// zlib's bound is for one call of deflate(); the flush adds an empty stored block.
    var packedByteCountLimit: Int {
        Int(compressBound(uLong(blockByteCount))) + 64
    }

    var header: [UInt8] {
        let slowest: UInt8 = 2
        let fastest: UInt8 = 4
        let effort = level == 9 ? slowest : level == 1 ? fastest : 0
        let (deflated, unix): (UInt8, UInt8) = (8, 3)
        return [0x1f, 0x8b, deflated, 0, 0, 0, 0, 0, effort, unix]
    }

    func makeCompressor() throws(BlobError) -> any BlockCompressor {
        try GzipCompressor(level: level)
    }

    mutating func add(_ contents: UnsafeRawBufferPointer, checksum: UInt32) {
        self.checksum = crc32_combine(self.checksum, uLong(checksum), contents.count)
        contentByteCount += UInt64(contents.count)
    }

    var trailer: [UInt8] {
        UInt32(checksum).littleEndianBytes
            + UInt32(truncatingIfNeeded: contentByteCount).littleEndianBytes
    }
}

private final class GzipCompressor: BlockCompressor {
    /// zlib remembers where it lies.
    private let stream: UnsafeMutablePointer<z_stream>

    init(level: Int) throws(BlobError) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let withoutHeader: Int32 = -15
        let standardMemory: Int32 = 8
        let result = deflateInit2_(
            stream, Int32(level), Z_DEFLATED, withoutHeader, standardMemory, Z_DEFAULT_STRATEGY,
            ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard result == Z_OK else {
            stream.deallocate()
            throw .streamLibrary("zlib", call: "deflateInit2", error: "\(result)")
        }
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
    }

    func pack(
        _ block: StreamBlock, into space: UnsafeMutableRawBufferPointer
    ) throws(BlobError) -> PackedStreamBlock {
        try check(deflateReset(stream), "deflateReset")
        if !block.history.isEmpty {
            try check(
                deflateSetDictionary(
                    stream, bytes(block.history), UInt32(block.history.count)),
                "deflateSetDictionary")
        }
        let contents = block.contents
        stream.pointee.next_in = UnsafeMutablePointer(mutating: bytes(contents))
        stream.pointee.avail_in = UInt32(contents.count)
        stream.pointee.next_out = space.baseAddress!.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_out = UInt32(space.count)
        let result = deflate(stream, block.isLast ? Z_FINISH : Z_SYNC_FLUSH)
        guard result == (block.isLast ? Z_STREAM_END : Z_OK), stream.pointee.avail_in == 0,
            stream.pointee.avail_out > 0
        else { throw .streamLibrary("zlib", call: "deflate", error: "\(result)") }
        return PackedStreamBlock(
            byteCount: space.count - Int(stream.pointee.avail_out),
            checksum: UInt32(crc32_z(0, bytes(contents), contents.count)))
    }

    private func bytes(_ buffer: UnsafeRawBufferPointer) -> UnsafePointer<UInt8> {
        buffer.baseAddress!.assumingMemoryBound(to: UInt8.self)
    }

    private func check(_ result: Int32, _ call: String) throws(BlobError) {
        guard result == Z_OK else { throw .streamLibrary("zlib", call: call, error: "\(result)") }
    }
}
