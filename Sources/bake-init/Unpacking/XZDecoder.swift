// An xz stream by liblzma, which checks the checksums and the index.

import BakeContract
import CLZMA

final class XZDecoder {
    /// liblzma's own needs, beside the dictionary.
    private static let overheadByteCount = 2 << 20

    private let stream: UnsafeMutablePointer<lzma_stream>

    init() throws(DecoderFault) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: lzma_stream())
        let result = lzma_stream_decoder(
            stream, UInt64(Decoder.windowByteCountLimit + Self.overheadByteCount), 0)
        guard result == LZMA_OK else {
            stream.deallocate()
            throw .outOfMemory
        }
    }

    deinit {
        lzma_end(stream)
        stream.deallocate()
    }

    func step(
        from input: UnsafeRawBufferPointer, to output: UnsafeMutableRawBufferPointer
    ) throws(DecoderFault) -> DecoderStep {
        stream.pointee.next_in = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_in = input.count
        stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_out = output.count
        let result = lzma_code(stream, LZMA_RUN)
        switch result {
        case LZMA_OK, LZMA_BUF_ERROR, LZMA_STREAM_END: break
        case LZMA_MEM_ERROR: throw .outOfMemory
        case LZMA_MEMLIMIT_ERROR: throw .needsTooMuchMemory
        case LZMA_OPTIONS_ERROR: throw .damaged("unknown options".bytes)
        default: throw .damaged("damaged data".bytes)
        }
        return DecoderStep(
            consumed: input.count - stream.pointee.avail_in,
            produced: output.count - stream.pointee.avail_out,
            isComplete: result == LZMA_STREAM_END)
    }
}
