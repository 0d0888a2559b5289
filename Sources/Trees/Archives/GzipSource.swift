internal import CZlib

/// gzip by zlib, which checks every member's CRC and length (RFC 1952, section 2.3.1). libarchive's
/// gzip filter checks neither: one damaged byte would go unnoticed.
final class GzipSource: BlockSource {
    private let input: ArchiveInput
    private var stream: UnsafeMutablePointer<z_stream>
    private let compressed = UnsafeMutableRawBufferPointer.allocate(
        byteCount: 128 << 10, alignment: 4096)
    private let plain = UnsafeMutableRawBufferPointer.allocate(
        byteCount: 256 << 10, alignment: 4096)
    private var usedByteCount: UInt64 = 0
    private var isBetweenMembers = false
    private var isAtEnd = false

    init(_ input: ArchiveInput) throws(TreeError) {
        self.input = input
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // 15 bits of window, plus 16: a gzip header and trailer are expected (zlib.h).
        let status = inflateInit2_(
            stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard status == Z_OK else { throw fault(status) }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
        compressed.deallocate()
        plain.deallocate()
    }

    func nextBlock() throws(TreeError) -> UnsafeRawBufferPointer {
        stream.pointee.next_out = plain.baseAddress!.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_out = UInt32(plain.count)
        while stream.pointee.avail_out == UInt32(plain.count), !isAtEnd {
            if isBetweenMembers { try startMember() }
            if !isAtEnd { try inflateSome() }
        }
        let count = plain.count - Int(stream.pointee.avail_out)
        return UnsafeRawBufferPointer(rebasing: plain[..<count])
    }

    /// Another member may follow the last, or zeros.
    private func startMember() throws(TreeError) {
        if stream.pointee.avail_in == 0 { try refill() }
        isBetweenMembers = false
        if stream.pointee.avail_in > 0, stream.pointee.next_in.pointee == 0x1f {
            inflateReset(stream)
            return
        }
        guard try input.hasOnlyZeros(behind: usedByteCount) else {
            throw input.fault(.dataBehindCompression(filter: "gzip"))
        }
        isAtEnd = true
    }

    private func inflateSome() throws(TreeError) {
        if stream.pointee.avail_in == 0 { try refill() }
        let before = stream.pointee.avail_in
        let status = inflate(stream, Z_NO_FLUSH)
        usedByteCount += UInt64(before - stream.pointee.avail_in)
        switch status {
        case Z_OK: return
        case Z_STREAM_END: isBetweenMembers = true
        // No progress is possible: there was no more input.
        case Z_BUF_ERROR: throw input.fault(.truncated)
        default: throw fault(status)
        }
    }

    private func refill() throws(TreeError) {
        let count = try input.read(into: compressed)
        stream.pointee.next_in = compressed.baseAddress!.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_in = UInt32(count)
    }

    private func fault(_ status: Int32) -> TreeError {
        let text = stream.pointee.msg.map { String(cString: $0) } ?? "zlib error \(status)"
        return input.fault(.decompression(filter: "gzip", text: text))
    }
}
