internal import Trees

/// Why reading stopped: the file cannot be read, or it is no ELF file.
enum ELFFailure: Error {
    case tree(TreeError)
    case flaw(ELFFlaw)
}

/// A file that is read here and there, never outside of it, with numbers of its own byte order.
struct ELFBytes: ~Copyable {
    private var reader: ContentReader
    let byteCount: UInt64
    var isLittleEndian = true
    /// 64-bit addresses and offsets.
    var isWide = true

    init(_ content: Node.Content) throws(TreeError) {
        reader = try ContentReader(content)
        byteCount = content.byteCount
    }

    mutating func bytes(
        at offset: UInt64, count: UInt64, _ part: ELFFlaw.Part, limit: UInt64
    ) throws(ELFFailure) -> ELFPiece {
        guard count <= limit else { throw .flaw(.tooLarge(part)) }
        guard offset <= byteCount, count <= byteCount - offset else { throw .flaw(.outside(part)) }
        return try read(at: offset, count: Int(count))
    }

    /// As many as there are, up to `count`.
    mutating func bytes(
        at offset: UInt64, upTo count: Int, _ part: ELFFlaw.Part
    ) throws(ELFFailure) -> ELFPiece {
        guard offset <= byteCount else { throw .flaw(.outside(part)) }
        return try read(at: offset, count: Int(min(UInt64(count), byteCount - offset)))
    }

    /// Up to the next NUL, which must come soon.
    mutating func string(
        at offset: UInt64, within end: UInt64, _ part: ELFFlaw.Part
    ) throws(ELFFailure) -> Bytes {
        guard offset < end else { throw .flaw(.outside(part)) }
        var limit = 128
        while true {
            let count = Int(min(UInt64(limit), end - offset))
            let piece = try bytes(at: offset, upTo: count, part)
            if let nul = piece.bytes.firstIndex(of: 0) { return Bytes(piece.bytes[..<nul]) }
            guard piece.bytes.count == limit, limit < Self.stringLimit else {
                throw .flaw(.notTerminated(part))
            }
            limit *= 8
        }
    }

    /// Bytes. Search paths of many directories are the longest strings there are.
    private static let stringLimit = 65536

    private mutating func read(at offset: UInt64, count: Int) throws(ELFFailure) -> ELFPiece {
        var bytes = Bytes(repeating: 0, count: count)
        var failure: TreeError?
        reader.seek(to: offset)
        bytes.withUnsafeMutableBytes { buffer in
            do throws(TreeError) {
                _ = try reader.read(into: buffer)
            } catch {
                failure = error
            }
        }
        if let failure { throw .tree(failure) }
        return ELFPiece(bytes: bytes, isLittleEndian: isLittleEndian, isWide: isWide)
    }
}

/// Bytes that were read, and how their numbers are written.
struct ELFPiece {
    let bytes: Bytes
    let isLittleEndian: Bool
    let isWide: Bool

    /// - Precondition: it lies within the piece.
    func half(at offset: Int) -> UInt16 { number(at: offset) }

    /// - Precondition: it lies within the piece.
    func word(at offset: Int) -> UInt32 { number(at: offset) }

    /// - Precondition: it lies within the piece.
    func long(at offset: Int) -> UInt64 { number(at: offset) }

    /// An address, an offset, or what else is as wide as the class.
    /// - Precondition: it lies within the piece.
    func address(at offset: Int) -> UInt64 {
        isWide ? long(at: offset) : UInt64(word(at: offset))
    }

    private func number<Number: FixedWidthInteger & BitwiseCopyable>(at offset: Int) -> Number {
        let number = bytes.withUnsafeBytes {
            $0.loadUnaligned(fromByteOffset: offset, as: Number.self)
        }
        return isLittleEndian ? Number(littleEndian: number) : Number(bigEndian: number)
    }
}
