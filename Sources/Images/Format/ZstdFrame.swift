internal import BakeContract
internal import CZstd

/// Bytes as one Zstandard frame (RFC 8878) that says how long they are and has their checksum.
enum ZstdFrame {
    /// On one thread: the same input makes the same bytes on every machine.
    static func compressed(_ content: Bytes, level: Int32) throws(ImageError) -> Bytes {
        guard let context = ZSTD_createCCtx() else { throw .compression("out of memory") }
        defer { ZSTD_freeCCtx(context) }
        try check(ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level))
        try check(ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1))
        var frame = Bytes(repeating: 0, count: ZSTD_compressBound(content.count))
        let byteCount = try check(
            ZSTD_compress2(context, &frame, frame.count, content, content.count))
        return Array(frame[..<byteCount])
    }

    /// Nil when it is no frame, or one that does not say.
    static func contentByteCount(of frame: Bytes) -> Int? {
        let content = ZSTD_getFrameContentSize(frame, frame.count)
        // "Not a frame" and "does not say" are the two highest numbers.
        return content > UInt64(Int.max) ? nil : Int(content)
    }

    /// The content of a frame anybody wrote; nil when it is none, or one of more bytes than the
    /// limit.
    static func content(of frame: Bytes, limitByteCount: Int) -> Bytes? {
        guard let byteCount = contentByteCount(of: frame), byteCount <= limitByteCount else {
            return nil
        }
        let content = Bytes(unsafeUninitializedCapacity: byteCount) { buffer, filled in
            let result = ZSTD_decompress(buffer.baseAddress, buffer.count, frame, frame.count)
            filled = ZSTD_isError(result) == 0 ? result : 0
        }
        return content.count == byteCount ? content : nil
    }

    @discardableResult
    private static func check(_ result: Int) throws(ImageError) -> Int {
        guard ZSTD_isError(result) == 0 else {
            throw .compression(String(cString: ZSTD_getErrorName(result)))
        }
        return result
    }
}
