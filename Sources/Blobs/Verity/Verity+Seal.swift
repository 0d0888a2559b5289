extension Verity {
    /// A blob that ends with its hash tree.
    struct Sealed {
        let verity: Verity
        let byteCount: UInt64
    }

    /// Puts the hash tree behind a blob that is whole blocks.
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
            byteCount: byteCount)
    }
}
