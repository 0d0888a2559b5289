/// One message of the Xenstore protocol, as it goes through /dev/xen/xenbus: a header of four
/// little-endian words (type, request, transaction, length of what follows) and the payload.
/// Xen's public/io/xs_wire.h.
public struct XenstoreMessage: Equatable, Sendable {
    public enum Kind: UInt32, Equatable, Sendable {
        case read = 2
        case error = 16
    }

    public static let headerByteCount = 16
    /// XENSTORE_PAYLOAD_MAX
    public static let payloadByteCountLimit = 4096

    public var kind: Kind
    public var requestNumber: UInt32
    public var payload: Bytes

    /// Asks for a value outside any transaction.
    public static func read(_ path: StaticString, number: UInt32) -> XenstoreMessage {
        XenstoreMessage(
            kind: .read, requestNumber: number, payload: Bytes(path.description) + [0])
    }

    public var bytes: Bytes {
        var bytes: Bytes = []
        for word in [kind.rawValue, requestNumber, 0, UInt32(payload.count)] {
            for shift: UInt32 in [0, 8, 16, 24] {
                bytes.append(UInt8(truncatingIfNeeded: word >> shift))
            }
        }
        return bytes + payload
    }

    /// The message at the beginning of what has been read so far; nil while it is not complete.
    public static func parse(_ bytes: Bytes) throws(XenstoreProblem) -> XenstoreMessage? {
        guard bytes.count >= headerByteCount else { return nil }
        guard let kind = Kind(rawValue: word(0, of: bytes)) else {
            throw .unexpectedKind(word(0, of: bytes))
        }
        let byteCount = word(3, of: bytes)
        guard byteCount <= payloadByteCountLimit else { throw .tooLong(byteCount: byteCount) }
        let end = headerByteCount + Int(byteCount)
        guard bytes.count >= end else { return nil }
        return XenstoreMessage(
            kind: kind, requestNumber: word(1, of: bytes),
            payload: Bytes(bytes[headerByteCount..<end]))
    }

    /// What a reply to `read` brings: the value; nil where there is no such key.
    public func value(asked number: UInt32) throws(XenstoreProblem) -> Bytes? {
        guard requestNumber == number else { throw .otherRequest(requestNumber) }
        guard kind == .error else { return payload }
        // An error is its errno's name with a NUL behind it.
        let name = payload.last == 0 ? Bytes(payload.dropLast()) : payload
        if name.equals("ENOENT") { return nil }
        throw .refused(name)
    }

    private static func word(_ index: Int, of bytes: Bytes) -> UInt32 {
        bytes[(index * 4)..<(index * 4 + 4)].reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }
}

/// Why Xenstore gave no answer to be used.
public enum XenstoreProblem: Error, Equatable, Sendable {
    case unexpectedKind(UInt32)
    case tooLong(byteCount: UInt32)
    case otherRequest(UInt32)
    case refused(Bytes)
}

extension XenstoreProblem: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unexpectedKind(let kind): "Xenstore answered with a message of type \(kind)"
        case .tooLong(let byteCount): "Xenstore announces \(byteCount) bytes, more than it may send"
        case .otherRequest(let number): "Xenstore answered request \(number), which was not asked"
        case .refused(let name): "Xenstore refuses to tell: \(name.printable)"
        }
    }
}
