internal import CLZMA

/// One xz stream (xz-file-format.txt) by liblzma's own threads, checked by CRC32, which is the check
/// the kernel knows (Documentation/staging/xz.rst).
///
/// The library cuts the contents into blocks of a fixed length, so the bytes do not depend on the
/// number of threads. It works while this thread makes more.
final class XZEncoder: StreamEncoder {
    private let stream: UnsafeMutablePointer<lzma_stream>
    private let block: UnsafeMutableRawBufferPointer
    private let packed: UnsafeMutableRawBufferPointer
    private var output: StreamOutput

    init(_ output: StreamOutput, level: Int, workerCount: Int) throws(BlobError) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: lzma_stream())
        block = .allocate(byteCount: 1 << 20, alignment: 4096)
        packed = .allocate(byteCount: 1 << 20, alignment: 4096)
        self.output = output
        var options = lzma_mt()
        options.threads = UInt32(min(workerCount, 16384))
        options.preset = UInt32(level)
        options.check = LZMA_CHECK_CRC32
        options.block_size = UInt64(max(2 * Self.dictionaryByteCount(level: level), 4 << 20))
        let result = lzma_stream_encoder_mt(stream, &options)
        guard result == LZMA_OK else { throw .xz("lzma_stream_encoder_mt", result) }
    }

    deinit {
        lzma_end(stream)
        stream.deallocate()
        block.deallocate()
        packed.deallocate()
    }

    /// Of the level (xz(1), "-0 ... -9").
    static func dictionaryByteCount(level: Int) -> Int {
        let logarithms = [18, 20, 21, 22, 22, 23, 23, 24, 25, 26]
        return 1 << logarithms[level]
    }

    func takeBlock() -> UnsafeMutableRawBufferPointer { block }

    func submit(_ byteCount: Int, isLast: Bool) throws(BlobError) {
        let contents = block.baseAddress!.assumingMemoryBound(to: UInt8.self)
        stream.pointee.next_in = UnsafePointer(contents)
        stream.pointee.avail_in = byteCount
        var isComplete: Bool
        repeat {
            stream.pointee.next_out = packed.baseAddress!.assumingMemoryBound(to: UInt8.self)
            stream.pointee.avail_out = packed.count
            let result = lzma_code(stream, isLast ? LZMA_FINISH : LZMA_RUN)
            guard result == LZMA_OK || result == LZMA_STREAM_END else {
                throw .xz("lzma_code", result)
            }
            let packedByteCount = packed.count - stream.pointee.avail_out
            try output.append(UnsafeRawBufferPointer(rebasing: packed[..<packedByteCount]))
            isComplete = isLast ? result == LZMA_STREAM_END : stream.pointee.avail_in == 0
        } while !isComplete
    }

    func finish() -> StreamOutput { output }
}

extension BlobError {
    fileprivate static func xz(_ call: String, _ result: lzma_ret) -> BlobError {
        let name =
            switch result {
            case LZMA_MEM_ERROR: "out of memory"
            case LZMA_OPTIONS_ERROR: "LZMA_OPTIONS_ERROR"
            default: "lzma_ret \(result.rawValue)"
            }
        return .streamLibrary("liblzma", call: call, error: name)
    }
}
