internal import CXXHash

/// What contents are told apart by: XXH3, 128 bits.
///
/// Two contents of equal length and equal hash are taken for equal without comparing them: by
/// accident that happens once in 2^128 pairs. The seed is random and known to nobody else, so
/// nobody can prepare a file that passes for another one: it is drawn for a blob, and handed on in
/// bake's cache to the blobs that reuse its blocks. It does not show in the blob.
struct ContentHash: Hashable, Sendable {
    static let byteCount = 16
    /// In place of one where nothing was hashed.
    static let zero = ContentHash(low: 0, high: 0)

    let low: UInt64
    let high: UInt64

    init(low: UInt64, high: UInt64) {
        self.low = low
        self.high = high
    }

    init(of bytes: UnsafeRawBufferPointer, seed: UInt64) {
        let raw = XXH3_128bits_withSeed(bytes.baseAddress, bytes.count, seed)
        self.init(low: raw.low64, high: raw.high64)
    }

    /// Of contents one behind the other, each by its own hash: the blocks of a file, the tails of a
    /// fragment.
    init(of parts: [ContentHash], seed: UInt64) {
        // Not the seed of contents: a list is no content that looks like one.
        self = parts.withUnsafeBytes { ContentHash(of: $0, seed: ~seed) }
    }

    func hash(into hasher: inout Hasher) {
        // The halves are as good as random each.
        hasher.combine(low)
    }

    /// 64 bits for bytes that only have to be what they were.
    static func checksum(of bytes: UnsafeRawBufferPointer, seed: UInt64) -> UInt64 {
        XXH3_64bits_withSeed(bytes.baseAddress, bytes.count, seed)
    }
}
