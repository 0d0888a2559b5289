// What an LZ4 frame in a file or device holds, piece by piece. liblz4 checks the length and the
// checksum of the contents when the frame ends.

import BakeContract
import CGuest
import CLZ4

/// Bytes that come in pieces of any length.
protocol ArchiveSource {
    /// The next piece, valid until the next call; empty at the end.
    mutating func next() throws(UnpackError) -> UnsafeRawBufferPointer
}

/// Reads `byteCount` bytes of a file: one frame, then nothing but zeros.
final class FrameReader: ArchiveSource {
    private let descriptor: Int32
    private let byteCount: UInt64
    /// Everything below has been handed to liblz4.
    private var offset: UInt64 = 0
    private let context: OpaquePointer
    private let input: UnsafeMutableRawBufferPointer
    private var pending: Range<Int> = 0..<0
    /// A whole block of the format, so that liblz4 decodes into it without a copy of its own.
    private let output: UnsafeMutableRawBufferPointer
    private var isComplete = false

    /// The descriptor stays the caller's; it is read from its beginning by pread(2).
    init(_ descriptor: Int32, byteCount: UInt64) throws(UnpackError) {
        var context: OpaquePointer?
        let result = LZ4F_createDecompressionContext(&context, UInt32(LZ4F_VERSION))
        guard LZ4F_isError(result) == 0, let context else { throw .frame(result, at: 0) }
        self.context = context
        self.descriptor = descriptor
        self.byteCount = byteCount
        input = .allocate(byteCount: 256 << 10, alignment: 16)
        output = .allocate(byteCount: 4 << 20, alignment: 16)
    }

    deinit {
        // Its result only says whether a frame was left unfinished.
        _ = LZ4F_freeDecompressionContext(context)
        input.deallocate()
        output.deallocate()
    }

    func next() throws(UnpackError) -> UnsafeRawBufferPointer {
        while !isComplete {
            if pending.isEmpty, try !fillInput() { throw .blobEndsEarly(offset: offset) }
            let produced = try decompress()
            if isComplete { try checkPadding() }
            if produced > 0 { return UnsafeRawBufferPointer(rebasing: output[..<produced]) }
        }
        return UnsafeRawBufferPointer(start: nil, count: 0)
    }

    /// From `pending` to the front of `output`; returns how much came out.
    private func decompress() throws(UnpackError) -> Int {
        var produced = output.count
        var consumed = pending.count
        let source = input[pending.lowerBound...]
        let result = LZ4F_decompress(
            context, output.baseAddress, &produced,
            UnsafeRawBufferPointer(rebasing: source).baseAddress, &consumed, nil)
        guard LZ4F_isError(result) == 0 else {
            throw .frame(result, at: offset + UInt64(pending.count))
        }
        pending = pending.dropFirst(consumed)
        offset += UInt64(consumed)
        isComplete = result == 0
        return produced
    }

    /// Behind the frame only zeros may come, up to the end.
    private func checkPadding() throws(UnpackError) {
        repeat {
            for index in pending where input[index] != 0 {
                throw .bytesBehindFrame(offset: offset)
            }
            offset += UInt64(pending.count)
            pending = 0..<0
        } while try fillInput()
    }

    /// False at the end.
    private func fillInput() throws(UnpackError) -> Bool {
        let wanted = Int(min(UInt64(input.count), byteCount - offset))
        guard wanted > 0 else { return false }
        let count: Int
        do throws(Errno) {
            count = try checked { pread(descriptor, input.baseAddress, wanted, off_t(offset)) }
        } catch {
            throw .cannotRead(offset: offset, error)
        }
        guard count > 0 else { throw .blobEndsEarly(offset: offset) }
        pending = 0..<count
        return true
    }
}

extension UnpackError {
    fileprivate static func frame(_ result: Int, at offset: UInt64) -> UnpackError {
        guard let name = LZ4F_getErrorName(result) else {
            return .damagedFrame(offset: offset, error: "error".bytes)
        }
        let bytes = UnsafeRawBufferPointer(start: name, count: strlen(name))
        return .damagedFrame(offset: offset, error: Bytes(bytes))
    }
}
