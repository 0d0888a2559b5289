internal import Crypto

/// A SHA-256 digest: 32 bytes.
public struct ContentDigest: Hashable, Sendable {
    public let bytes: [UInt8]

    /// Nil unless there are exactly 32 bytes.
    public init?(bytes: [UInt8]) {
        guard bytes.count == SHA256.byteCount else { return nil }
        self.bytes = bytes
    }

    /// Nil unless the text is exactly 64 hexadecimal digits in lower case, the only way we write
    /// them: a digest in a file has one spelling.
    public init?(hex: some Collection<UInt8>) {
        let digits = hex.compactMap(Self.value(ofHexDigit:))
        guard hex.count == digits.count, digits.count == 2 * SHA256.byteCount else {
            return nil
        }
        self.bytes = (0..<SHA256.byteCount).map { digits[2 * $0] << 4 | digits[2 * $0 + 1] }
    }

    /// The digest of some bytes in memory. For a file, see `FileDigest`.
    public static func of(_ content: [UInt8]) -> ContentDigest {
        ContentDigest(SHA256.hash(data: content))
    }

    init(_ digest: SHA256.Digest) {
        self.bytes = Array(digest)
    }

    /// 64 hexadecimal digits.
    public var hex: String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func value(ofHexDigit digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
