/// A dm-verity hash tree over a blob: what the kernel needs to check every block before a program
/// sees it (Documentation/admin-guide/device-mapper/verity.rst).
///
/// Version 1, SHA-256, data and hash blocks of 4096 bytes, no superblock, levels root first.
public struct Verity: Sendable, Hashable {
    public static let blockSize = 4096

    /// 32 bytes.
    public var rootHash: [UInt8]
    /// 32 bytes, all zero: an image is the same bytes wherever it is made.
    public var salt: [UInt8]
    /// In blocks of 4096 bytes.
    public var dataBlockCount: UInt64
    /// Where the tree starts, in blocks of 4096 bytes from the start of the blob.
    public var hashStartBlock: UInt64

    public init(
        rootHash: [UInt8], salt: [UInt8], dataBlockCount: UInt64, hashStartBlock: UInt64
    ) {
        self.rootHash = rootHash
        self.salt = salt
        self.dataBlockCount = dataBlockCount
        self.hashStartBlock = hashStartBlock
    }
}
