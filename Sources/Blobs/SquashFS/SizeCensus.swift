internal import Trees

/// Which files can be copies of one another, by length alone.
///
/// libsquashfs compares a file's blocks with all blocks before it, which is quadratic in their
/// number. It is spared that for files whose length no other file has. Files shorter than a block
/// are fragments; those it finds by their hashes.
struct SizeCensus {
    private let blockSize: UInt64
    private var counts: [UInt64: Int] = [:]

    init(_ tree: MergedTree, blockSize: Int) {
        self.blockSize = UInt64(blockSize)
        for inode in tree.nodes {
            if case .regular = inode.kind, inode.byteCount >= self.blockSize {
                counts[inode.byteCount, default: 0] += 1
            }
        }
    }

    func mayHaveTwin(_ byteCount: UInt64) -> Bool {
        byteCount < blockSize || counts[byteCount, default: 0] > 1
    }
}
