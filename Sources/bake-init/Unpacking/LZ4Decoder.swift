// LZ4 frames by liblz4, which checks the length and the checksum of the contents.

import BakeContract
import CGuest
import CLZ4

final class LZ4Decoder {
    private let context: OpaquePointer

    init() throws(DecoderFault) {
        var context: OpaquePointer?
        let result = LZ4F_createDecompressionContext(&context, UInt32(LZ4F_VERSION))
        guard LZ4F_isError(result) == 0, let context else { throw .outOfMemory }
        self.context = context
    }

    deinit {
        // Its result only says whether a frame was left unfinished.
        _ = LZ4F_freeDecompressionContext(context)
    }

    func step(
        from input: UnsafeRawBufferPointer, to output: UnsafeMutableRawBufferPointer
    ) throws(DecoderFault) -> DecoderStep {
        var (produced, consumed) = (output.count, input.count)
        let result = LZ4F_decompress(
            context, output.baseAddress, &produced, input.baseAddress, &consumed, nil)
        guard LZ4F_isError(result) == 0 else {
            throw .damaged(Bytes(text: LZ4F_getErrorName(result)))
        }
        return DecoderStep(consumed: consumed, produced: produced, isComplete: result == 0)
    }
}

extension Bytes {
    /// What a C library says.
    init(text: UnsafePointer<CChar>?) {
        guard let text else { self = "error".bytes; return }
        self = Bytes(UnsafeRawBufferPointer(start: text, count: strlen(text)))
    }
}
