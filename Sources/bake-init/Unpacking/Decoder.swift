// The decompressors of a tar blob. Which one it takes is told by how the blob begins.

import BakeContract

/// What one call of a decompressor did, in bytes.
struct DecoderStep {
    var consumed: Int
    var produced: Int
    /// The stream is over, and its checksum was right.
    var isComplete: Bool
}

enum DecoderFault: Error {
    /// What the library found, in its own words.
    case damaged(Bytes)
    /// More than `Decoder.windowByteCountLimit`.
    case needsTooMuchMemory
    case outOfMemory
}

enum Decoder {
    case plain
    case lz4(LZ4Decoder)
    case zstd(ZstdDecoder)
    case gzip(GzipDecoder)
    case xz(XZDecoder)

    /// What of the contents a stream may ask to be kept at hand: as much as bake's own ever do.
    static let windowByteCountLimit = 1 << windowLogLimit
    static let windowLogLimit = 26

    /// By the magic numbers of the LZ4 frame format, RFC 8878, RFC 1952, the .xz file format and,
    /// at byte 257, POSIX's ustar.
    init(for bytes: UnsafeRawBufferPointer) throws(UnpackError) {
        do throws(DecoderFault) {
            if bytes.starts(with: [0x04, 0x22, 0x4d, 0x18]) {
                self = .lz4(try LZ4Decoder())
            } else if bytes.starts(with: [0x28, 0xb5, 0x2f, 0xfd]) {
                self = .zstd(try ZstdDecoder())
            } else if bytes.starts(with: [0x1f, 0x8b]) {
                self = .gzip(try GzipDecoder())
            } else if bytes.starts(with: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]) {
                self = .xz(try XZDecoder())
            } else if bytes.count >= 512, bytes[257..<262].elementsEqual("ustar".bytes) {
                self = .plain
            } else {
                throw .damaged([])
            }
        } catch {
            if case .outOfMemory = error { throw .noMemoryForStream }
            throw .unknownCompression
        }
    }

    func step(
        from input: UnsafeRawBufferPointer, to output: UnsafeMutableRawBufferPointer
    ) throws(DecoderFault) -> DecoderStep {
        switch self {
        case .plain: DecoderStep(consumed: 0, produced: 0, isComplete: true)
        case .lz4(let decoder): try decoder.step(from: input, to: output)
        case .zstd(let decoder): try decoder.step(from: input, to: output)
        case .gzip(let decoder): try decoder.step(from: input, to: output)
        case .xz(let decoder): try decoder.step(from: input, to: output)
        }
    }
}
