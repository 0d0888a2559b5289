// zstd frames by libzstd, which checks the length and the checksum of the contents.

import BakeContract
import CZstd

final class ZstdDecoder {
    private let context: OpaquePointer

    init() throws(DecoderFault) {
        guard let context = ZSTD_createDCtx() else { throw .outOfMemory }
        self.context = context
        let result = ZSTD_DCtx_setParameter(
            context, ZSTD_d_windowLogMax, Int32(Decoder.windowLogLimit))
        guard ZSTD_isError(result) == 0 else { throw .outOfMemory }
    }

    deinit { ZSTD_freeDCtx(context) }

    func step(
        from input: UnsafeRawBufferPointer, to output: UnsafeMutableRawBufferPointer
    ) throws(DecoderFault) -> DecoderStep {
        var source = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
        var space = ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
        let result = ZSTD_decompressStream(context, &space, &source)
        guard ZSTD_isError(result) == 0 else {
            switch ZSTD_getErrorCode(result) {
            case ZSTD_error_frameParameter_windowTooLarge: throw .needsTooMuchMemory
            case ZSTD_error_memory_allocation: throw .outOfMemory
            default: throw .damaged(Bytes(text: ZSTD_getErrorName(result)))
            }
        }
        return DecoderStep(consumed: source.pos, produced: space.pos, isComplete: result == 0)
    }
}
