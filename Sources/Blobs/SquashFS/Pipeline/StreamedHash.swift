internal import CXXHash

/// The hash of bytes that come piece by piece: that of all of them in a row, with seed 0.
struct StreamedHash: ~Copyable {
    // The library aligns it better than Swift would.
    private let state: OpaquePointer

    init() {
        guard let state = XXH3_createState() else { fatalError("out of memory") }
        XXH3_128bits_reset(state)
        self.state = state
    }

    deinit { XXH3_freeState(state) }

    mutating func append(_ bytes: [UInt8]) {
        XXH3_128bits_update(state, bytes, bytes.count)
    }

    func hash() -> ContentHash {
        let raw = XXH3_128bits_digest(state)
        return ContentHash(low: raw.low64, high: raw.high64)
    }
}
