internal import CZstd

/// One zstd frame (RFC 8878) by libzstd's own threads: the contents' checksum, and their length
/// where it is known.
///
/// The library cuts the contents into jobs of a fixed length, each knowing the end of the one
/// before, so the bytes do not depend on the number of threads as long as there is one
/// (ZSTD_c_nbWorkers, zstd.h). It works while this thread makes more.
final class ZstdEncoder: StreamEncoder {
    private let context: OpaquePointer
    private let block: UnsafeMutableRawBufferPointer
    private let packed: UnsafeMutableRawBufferPointer
    private var output: StreamOutput

    init(
        _ output: StreamOutput, level: Int, workerCount: Int, expectedByteCount: UInt64?
    ) throws(BlobError) {
        guard let context = ZSTD_createCCtx() else {
            throw .streamLibrary("libzstd", call: "ZSTD_createCCtx", error: "out of memory")
        }
        self.context = context
        self.output = output
        block = .allocate(byteCount: 1 << 20, alignment: 4096)
        packed = .allocate(byteCount: 1 << 20, alignment: 4096)
        try set(ZSTD_c_compressionLevel, Int32(level))
        try set(ZSTD_c_windowLog, Self.windowLog(level: level))
        try set(ZSTD_c_checksumFlag, 1)
        try set(ZSTD_c_nbWorkers, Int32(clamping: workerCount))
        try set(ZSTD_c_jobSize, max(8 << 20, 2 << Self.windowLog(level: level)))
        if let expectedByteCount {
            try check(
                ZSTD_CCtx_setPledgedSrcSize(context, expectedByteCount),
                "ZSTD_CCtx_setPledgedSrcSize")
        }
    }

    deinit {
        ZSTD_freeCCtx(context)
        block.deallocate()
        packed.deallocate()
    }

    /// What a reader must keep of the contents, as a power of two: what zstd 1.5 takes for the
    /// level, but for level 22, which has to do with half of it. Jobs are twice as long, or they
    /// would miss too much of each other.
    static func windowLog(level: Int) -> Int32 {
        switch level {
        case 1: 19
        case 2: 20
        case 3...8: 21
        case 9...16: 22
        case 17...19: 23
        case 20: 25
        default: 26
        }
    }

    func takeBlock() -> UnsafeMutableRawBufferPointer { block }

    func submit(_ byteCount: Int, isLast: Bool) throws(BlobError) {
        var input = ZSTD_inBuffer(src: block.baseAddress, size: byteCount, pos: 0)
        var isComplete: Bool
        repeat {
            var space = ZSTD_outBuffer(dst: packed.baseAddress, size: packed.count, pos: 0)
            let left = try check(
                ZSTD_compressStream2(
                    context, &space, &input, isLast ? ZSTD_e_end : ZSTD_e_continue),
                "ZSTD_compressStream2")
            try output.append(UnsafeRawBufferPointer(rebasing: packed[..<space.pos]))
            isComplete = isLast ? left == 0 : input.pos == input.size
        } while !isComplete
    }

    func finish() -> StreamOutput { output }

    private func set(_ parameter: ZSTD_cParameter, _ value: Int32) throws(BlobError) {
        try check(
            ZSTD_CCtx_setParameter(context, parameter, value),
            "ZSTD_CCtx_setParameter \(parameter.rawValue)")
    }

    @discardableResult
    private func check(_ result: Int, _ call: String) throws(BlobError) -> Int {
        guard ZSTD_isError(result) == 0 else {
            throw .streamLibrary(
                "libzstd", call: call, error: String(cString: ZSTD_getErrorName(result)))
        }
        return result
    }
}
