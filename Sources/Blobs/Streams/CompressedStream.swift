/// Bytes on their way into a file, compressed by several threads: one frame, member or stream of
/// the format, whatever the number of threads, and the same bytes for every number.
///
/// Whoever makes the bytes puts them right into the memory they are compressed from. What is in
/// flight is bounded by the number of threads, not by the length of the stream.
struct CompressedStream: ~Copyable {
    private let encoder: any StreamEncoder
    private let expectedByteCount: UInt64?
    private var block: UnsafeMutableRawBufferPointer
    private var filled = 0
    private var appendedByteCount: UInt64 = 0

    struct Written: Sendable, Equatable {
        /// With padding.
        let byteCount: UInt64
        /// Without padding.
        let dataByteCount: UInt64
        /// Of everything, padding included.
        let sha256: [UInt8]
    }

    /// Empties the file and starts the threads.
    ///
    /// - Parameter expectedByteCount: how much will be appended, exactly, where that is known: it is
    ///   noted in the formats that have a place for it.
    init(
        to output: BlobOutput, compression: StreamCompression, workerCount: Int,
        expectedByteCount: UInt64?
    ) throws(BlobError) {
        try output.empty()
        let encoder = try makeEncoder(
            StreamOutput(output), compression, workerCount: max(workerCount, 1),
            expectedByteCount: expectedByteCount)
        block = try encoder.takeBlock()
        self.encoder = encoder
        self.expectedByteCount = expectedByteCount
    }

    mutating func append(_ bytes: [UInt8]) throws(BlobError) {
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

    /// Lends the free rest of the current block, at least a byte; `body` returns how much of it it
    /// filled.
    mutating func fill(
        _ body: (UnsafeMutableRawBufferPointer) throws(BlobError) -> Int
    ) throws(BlobError) -> Int {
        let count = try body(UnsafeMutableRawBufferPointer(rebasing: block[filled...]))
        filled += count
        appendedByteCount += UInt64(count)
        if filled == block.count {
            try encoder.submit(filled, isLast: false)
            block = try encoder.takeBlock()
            filled = 0
        }
        return count
    }

    /// Ends the stream, pads the file with zeros to a multiple of so many bytes, and waits until
    /// all of it is written. Not synced.
    consuming func finish(paddedTo alignment: Int) throws(BlobError) -> Written {
        precondition(expectedByteCount == nil || expectedByteCount == appendedByteCount)
        try encoder.submit(filled, isLast: true)
        var output = try encoder.finish()
        let dataByteCount = output.byteCount
        let rest = Int(dataByteCount % UInt64(alignment))
        if rest > 0 { try output.append([UInt8](repeating: 0, count: alignment - rest)) }
        return Written(
            byteCount: output.byteCount, dataByteCount: dataByteCount, sha256: output.sha256)
    }
}
