internal import CXXHash

/// What contents are told apart by: XXH3, 128 bits.
///
/// Two contents of equal length and equal hash are taken for equal without comparing them: by
/// accident that happens once in 2^128 pairs. The seed is drawn anew for every blob, so nobody can
/// prepare a file that passes for another one. It does not show in the blob.
struct ContentHash: Hashable, Sendable {
    private let low: UInt64
    private let high: UInt64

    private init(_ raw: XXH128_hash_t) {
        low = raw.low64
        high = raw.high64
    }

    init(of bytes: UnsafeRawBufferPointer, seed: UInt64) {
        self.init(XXH3_128bits_withSeed(bytes.baseAddress, bytes.count, seed))
    }

    func hash(into hasher: inout Hasher) {
        // The halves are as good as random each.
        hasher.combine(low)
    }

    /// Contents that come in pieces.
    struct Running: ~Copyable {
        private let state: OpaquePointer

        init(seed: UInt64) throws(BlobError) {
            guard let state = XXH3_createState(),
                XXH3_128bits_reset_withSeed(state, seed) == XXH_OK
            else { throw .library(call: "XXH3_createState", error: "SQFS_ERROR_ALLOC") }
            self.state = state
        }

        deinit {
            XXH3_freeState(state)
        }

        mutating func update(_ bytes: UnsafeRawBufferPointer) {
            XXH3_128bits_update(state, bytes.baseAddress, bytes.count)
        }

        consuming func finish() -> ContentHash {
            ContentHash(XXH3_128bits_digest(state))
        }
    }
}
