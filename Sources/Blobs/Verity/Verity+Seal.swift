internal import Crypto

extension Verity {
    /// A blob that ends with its hash tree.
    struct Sealed {
        let verity: Verity
        let byteCount: UInt64
        let sha256: [UInt8]
    }

    /// Puts the hash tree behind a blob that is whole blocks, and takes the digest of all of it.
    ///
    /// - Parameter leaves: the hash of each block.
    static func seal(_ output: BlobOutput, leaves: consuming [UInt8]) throws(BlobError) -> Sealed {
        let blockCount = UInt64(leaves.count / HashTree.hashByteCount)
        let tree = HashTree(leaves: leaves)
        var byteCount = blockCount * UInt64(blockSize)
        for level in tree.levels.reversed() {
            try output.write(level, at: byteCount)
            byteCount += UInt64(level.count)
        }
        return Sealed(
            verity: Verity(
                rootHash: tree.rootHash, salt: HashTree.salt, dataBlockCount: blockCount,
                hashStartBlock: blockCount),
            byteCount: byteCount, sha256: try digest(of: output, byteCount: byteCount))
    }

    /// SHA-256 of the whole file. It starts with the superblock, which is known last, and no part
    /// of it can be computed without what stands before: this can neither overlap with the making
    /// of the blob nor be shared among threads.
    private static func digest(
        of output: BlobOutput, byteCount: UInt64
    ) throws(BlobError) -> [UInt8] {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 4096)
        defer { buffer.deallocate() }
        var digest = SHA256()
        var offset: UInt64 = 0
        while offset < byteCount {
            let piece = UnsafeMutableRawBufferPointer(
                rebasing: buffer[..<Int(min(UInt64(buffer.count), byteCount - offset))])
            try output.read(into: piece, at: offset)
            digest.update(bufferPointer: UnsafeRawBufferPointer(piece))
            offset += UInt64(piece.count)
        }
        return Array(digest.finalize())
    }
}
