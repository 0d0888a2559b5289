internal import Crypto

/// Hashes of blocks, packed into blocks, hashed again, until one block is left: the levels as they
/// stand on disk, the root's block first (dm-verity, on-disk format version 1).
struct HashTree {
    static let hashByteCount = SHA256.byteCount
    static let salt = [UInt8](repeating: 0, count: 32)

    /// The state of the hash after the salt, which every block begins with.
    private static let salted: SHA256 = {
        var hash = SHA256()
        hash.update(data: salt)
        return hash
    }()

    /// All levels; a multiple of the block size. Empty where one data block is all there is: its
    /// hash is the root.
    let bytes: [UInt8]
    let rootHash: [UInt8]

    /// - Parameter leaves: 32 bytes for each data block.
    /// - Precondition: at least one.
    init(leaves: [UInt8]) {
        var levels: [[UInt8]] = []
        var hashes = leaves
        while hashes.count > SHA256.byteCount {
            let level = Self.padded(hashes)
            levels.append(level)
            hashes = level.withUnsafeBytes { Self.hashes(ofBlocksIn: $0) }
        }
        bytes = Array(levels.reversed().joined())
        rootHash = hashes
    }

    /// - Precondition: whole blocks.
    static func hashes(ofBlocksIn bytes: UnsafeRawBufferPointer) -> [UInt8] {
        var hashes: [UInt8] = []
        hashes.reserveCapacity(bytes.count / Verity.blockSize * hashByteCount)
        for start in stride(from: 0, to: bytes.count, by: Verity.blockSize) {
            var hash = salted
            hash.update(
                bufferPointer: UnsafeRawBufferPointer(
                    rebasing: bytes[start..<(start + Verity.blockSize)]))
            hash.finalize().withUnsafeBytes { hashes += $0 }
        }
        return hashes
    }

    private static func padded(_ hashes: [UInt8]) -> [UInt8] {
        let rest = hashes.count % Verity.blockSize
        if rest == 0 { return hashes }
        return hashes + [UInt8](repeating: 0, count: Verity.blockSize - rest)
    }
}
