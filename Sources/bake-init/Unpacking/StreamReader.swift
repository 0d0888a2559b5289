// What a compressed stream in a file or device holds, piece by piece. The stream's own checksum is
// checked when it ends.

import BakeContract
import CGuest

/// Bytes that come in pieces of any length.
protocol ArchiveSource {
    /// The next piece, valid until the next call; empty at the end.
    mutating func next() throws(UnpackError) -> UnsafeRawBufferPointer
}

/// Reads `byteCount` bytes of a file: one stream, then nothing but zeros. An archive that is not
/// compressed is handed on as it is, zeros behind it included.
final class StreamReader: ArchiveSource {
    private let descriptor: Int32
    private let byteCount: UInt64
    /// Of the bytes in `input` that nobody has looked at, from the start of the file.
    private var offset: UInt64 = 0
    private let input: UnsafeMutableRawBufferPointer
    private var pending: Range<Int> = 0..<0
    private let output: UnsafeMutableRawBufferPointer
    private var decoder = Decoder.plain
    private var isComplete = false

    /// The descriptor stays the caller's; it is read from its beginning by pread(2).
    init(_ descriptor: Int32, byteCount: UInt64) throws(UnpackError) {
        self.descriptor = descriptor
        self.byteCount = byteCount
        input = .allocate(byteCount: 256 << 10, alignment: 16)
        output = .allocate(byteCount: 1 << 20, alignment: 16)
        _ = try fillInput()
        decoder = try Decoder(for: unread)
    }

    deinit {
        input.deallocate()
        output.deallocate()
    }

    func next() throws(UnpackError) -> UnsafeRawBufferPointer {
        if case .plain = decoder { return try nextInput() }
        while !isComplete {
            if pending.isEmpty, try !fillInput() { throw .blobEndsEarly(offset: offset) }
            let produced = try decode()
            if isComplete { try checkPadding() }
            if produced > 0 { return UnsafeRawBufferPointer(rebasing: output[..<produced]) }
        }
        return UnsafeRawBufferPointer(start: nil, count: 0)
    }

    private var unread: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: input[pending])
    }

    private func nextInput() throws(UnpackError) -> UnsafeRawBufferPointer {
        if pending.isEmpty { _ = try fillInput() }
        let piece = unread
        skip(piece.count)
        return piece
    }

    /// From `input` to the front of `output`; returns how much came out.
    private func decode() throws(UnpackError) -> Int {
        let step: DecoderStep
        do throws(DecoderFault) {
            step = try decoder.step(from: unread, to: output)
        } catch {
            throw UnpackError(error, offset: offset + UInt64(pending.count))
        }
        skip(step.consumed)
        isComplete = step.isComplete
        guard isComplete || step.consumed > 0 || step.produced > 0 else {
            throw .damagedStream(offset: offset, error: "it does not go on".bytes)
        }
        return step.produced
    }

    private func skip(_ count: Int) {
        pending = pending.dropFirst(count)
        offset += UInt64(count)
    }

    /// Behind the stream only zeros may come, up to the end.
    private func checkPadding() throws(UnpackError) {
        repeat {
            for index in pending where input[index] != 0 {
                throw .bytesBehindStream(offset: offset)
            }
            skip(pending.count)
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
    fileprivate init(_ fault: DecoderFault, offset: UInt64) {
        switch fault {
        case .damaged(let error): self = .damagedStream(offset: offset, error: error)
        case .needsTooMuchMemory: self = .streamTakesTooMuchMemory
        case .outOfMemory: self = .noMemoryForStream
        }
    }
}
