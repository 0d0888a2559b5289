/// What compresses a stream. Given up half-way it ends its threads when it goes.
protocol StreamEncoder: AnyObject {
    /// Memory for the next block; what it is good for ends with `submit`. May wait for the threads.
    func takeBlock() throws(BlobError) -> UnsafeMutableRawBufferPointer

    /// Compresses the first so many bytes of the block that was taken last: all of them, except in
    /// the last block, which may be empty.
    func submit(_ byteCount: Int, isLast: Bool) throws(BlobError)

    /// After the last block: waits until everything is in the file.
    func finish() throws(BlobError) -> StreamOutput
}

/// zstd and xz have threads of their own, which know how to make one frame together; the others
/// are made of blocks that can be compressed apart.
func makeEncoder(
    _ output: StreamOutput, _ compression: StreamCompression, workerCount: Int,
    expectedByteCount: UInt64?
) throws(BlobError) -> any StreamEncoder {
    let level = compression.level
    let format: any BlockFormat
    switch compression.algorithm {
    case .zstd:
        return try ZstdEncoder(
            output, level: level, workerCount: workerCount, expectedByteCount: expectedByteCount)
    case .xz: return try XZEncoder(output, level: level, workerCount: workerCount)
    case .gzip: format = GzipFormat(level: level)
    case .lz4: format = try LZ4FrameFormat(level: level, contentByteCount: expectedByteCount)
    case .lz4Legacy: format = LZ4LegacyFormat(level: level)
    case .none: format = PlainFormat()
    }
    return try BlockEncoder(output, format, workerCount: workerCount)
}
