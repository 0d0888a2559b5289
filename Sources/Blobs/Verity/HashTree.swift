internal import Crypto

/// Hashes of blocks, packed into blocks, hashed again, until one block is left (dm-verity, on-disk
/// format version 1). On disk the levels stand the other way round, the root's block first.
struct HashTree {
    static let hashByteCount = SHA256.byteCount
    static let salt = [UInt8](repeating: 0, count: 32)

    /// The state of the hash after the salt, which every block begins with.
    private static let salted: SHA256 = {
        var hash = SHA256()
        hash.update(data: salt)
        return hash
    }()

    /// Whole blocks each, the leaves first. Empty where one data block is all there is: its hash is
    /// the root.
    let levels: [[UInt8]]
    let rootHash: [UInt8]

    /// - Parameter leaves: 32 bytes for each data block.
    /// - Precondition: at least one.
    init(leaves: consuming [UInt8]) {
        var levels: [[UInt8]] = []
        var hashes = leaves
        while hashes.count > Self.hashByteCount {
            Self.pad(&hashes)
            let next = hashes.withUnsafeBytes { Self.hashes(ofBlocksIn: $0) }
            levels.append(hashes)
            hashes = next
        }
        self.levels = levels
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

    private static func pad(_ hashes: inout [UInt8]) {
        let rest = hashes.count % Verity.blockSize
        if rest == 0 { return }
        hashes += [UInt8](repeating: 0, count: Verity.blockSize - rest)
    }
}
