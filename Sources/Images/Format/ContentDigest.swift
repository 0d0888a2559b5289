public import BakeContract
internal import Crypto

/// A SHA-256 digest: 32 bytes.
public struct ContentDigest: Hashable, Sendable {
    public let bytes: Bytes

    /// Nil unless there are exactly 32 bytes.
    public init?(bytes: Bytes) {
        guard bytes.count == SHA256.byteCount else { return nil }
        self.bytes = bytes
    }

    /// Nil unless the text is exactly 64 hexadecimal digits in lower case, the only way we write
    /// them.
    public init?(hex: some Collection<UInt8>) {
        guard let bytes = Images.bytes(ofHex: hex) else { return nil }
        self.init(bytes: bytes)
    }

    /// The digest of some bytes in memory.
    public static func of(_ content: Bytes) -> ContentDigest {
        ContentDigest(SHA256.hash(data: content))
    }

    init(_ digest: SHA256.Digest) {
        self.bytes = Array(digest)
    }

    /// 64 hexadecimal digits.
    public var hex: String { hexadecimal(bytes) }
}
