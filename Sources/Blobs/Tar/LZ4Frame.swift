internal import CLZ4
internal import Crypto
internal import Trees

/// An LZ4 frame on its way into a file (the frame format's own description, doc/lz4_Frame_format.md
/// of liblz4): independent blocks of 4 MiB, checksum and length of the contents in the frame.
///
/// The library is always handed whole blocks, so that the bytes do not depend on the sizes in
/// which the contents arrived.
struct LZ4Frame: ~Copyable {
    private static let blockByteCount = 4 << 20

    private let output: BlobOutput
    private let context: OpaquePointer
    private var preferences = LZ4F_preferences_t()
    private let block: UnsafeMutableRawBufferPointer
    private var filled = 0
    private let compressed: UnsafeMutableRawBufferPointer
    private var writtenByteCount: UInt64 = 0
    private var digest = SHA256()

    struct Written {
        let byteCount: UInt64
        /// Without padding.
        let dataByteCount: UInt64
        let sha256: Bytes
    }

    /// Empties the file and writes the frame's header.
    ///
    /// - Parameter contentByteCount: how much will be appended, exactly.
    static func begin(
        in output: BlobOutput, level: Int, contentByteCount: UInt64
    ) throws(BlobError) -> LZ4Frame {
        var frame = try LZ4Frame(output, level: level, contentByteCount: contentByteCount)
        try frame.writeHeader()
        return frame
    }

    private init(
        _ output: BlobOutput, level: Int, contentByteCount: UInt64
    ) throws(BlobError) {
        var context: OpaquePointer?
        try lz4(LZ4F_createCompressionContext(&context, UInt32(LZ4F_VERSION)), "createContext")
        self.context = context!
        self.output = output
        preferences.frameInfo.blockSizeID = LZ4F_max4MB
        preferences.frameInfo.blockMode = LZ4F_blockIndependent
        preferences.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled
        preferences.frameInfo.blockChecksumFlag = LZ4F_noBlockChecksum
        preferences.frameInfo.contentSize = contentByteCount
        preferences.compressionLevel = Int32(level)
        preferences.autoFlush = 1
        block = .allocate(byteCount: Self.blockByteCount, alignment: 16)
        compressed = .allocate(
            byteCount: LZ4F_compressBound(Self.blockByteCount, &preferences), alignment: 16)
    }

    deinit {
        // The context held no file; freeing it cannot fail in a way that matters.
        _ = LZ4F_freeCompressionContext(context)
        block.deallocate()
        compressed.deallocate()
    }

    private mutating func writeHeader() throws(BlobError) {
        try output.empty()
        let count = try lz4(
            LZ4F_compressBegin(
                context, compressed.baseAddress, compressed.count, &preferences),
            "compressBegin")
        try write(count)
    }

    mutating func append(_ bytes: Bytes) throws(BlobError) {
        var done = 0
        while done < bytes.count {
            done += try fill { (space) throws(BlobError) in
                let count = min(space.count, bytes.count - done)
                bytes.withUnsafeBytes {
                    space.copyMemory(from: .init(rebasing: $0[done..<(done + count)]))
                }
                return count
            }
        }
    }

    /// Lends the free rest of the current block; `source` returns how much of it it filled.
    mutating func fill(
        _ source: (UnsafeMutableRawBufferPointer) throws(BlobError) -> Int
    ) throws(BlobError) -> Int {
        let count = try source(UnsafeMutableRawBufferPointer(rebasing: block[filled...]))
        filled += count
        if filled == block.count { try compressBlock() }
        return count
    }

    /// Ends the frame and pads the file with zeros.
    consuming func finish(paddedTo alignment: UInt64) throws(BlobError) -> Written {
        if filled > 0 { try compressBlock() }
        let count = try lz4(
            LZ4F_compressEnd(context, compressed.baseAddress, compressed.count, nil),
            "compressEnd")
        try write(count)
        let dataByteCount = writtenByteCount
        let padding = Int((alignment - dataByteCount % alignment) % alignment)
        UnsafeMutableRawBufferPointer(rebasing: compressed[..<padding])
            .initializeMemory(as: UInt8.self, repeating: 0)
        try write(padding)
        return Written(
            byteCount: writtenByteCount, dataByteCount: dataByteCount,
            sha256: Array(digest.finalize()))
    }

    private mutating func compressBlock() throws(BlobError) {
        let count = try lz4(
            LZ4F_compressUpdate(
                context, compressed.baseAddress, compressed.count, block.baseAddress, filled, nil),
            "compressUpdate")
        filled = 0
        try write(count)
    }

    /// The first `count` bytes of `compressed`.
    private mutating func write(_ count: Int) throws(BlobError) {
        let bytes = UnsafeRawBufferPointer(rebasing: compressed[..<count])
        digest.update(bufferPointer: bytes)
        try output.write(bytes, at: writtenByteCount)
        writtenByteCount += UInt64(count)
    }
}

/// liblz4's results are lengths, or errors.
@discardableResult
private func lz4(_ result: Int, _ call: String) throws(BlobError) -> Int {
    guard LZ4F_isError(result) == 0 else {
        throw .lz4(call: "LZ4F_\(call)", error: String(cString: LZ4F_getErrorName(result)))
    }
    return result
}
