internal import BakeContract

/// A disk with one EFI system partition that holds one image: sizes and identifiers, all of
/// them functions of the image.
struct DiskLayout: Equatable {
    private static let mebibyte = 1 << 20
    /// Smaller ones would need a FAT16 or FAT12, which firmware need not read on a hard disk.
    private static let smallestPartitionByteCount = 64 * mebibyte
    /// Above it clusters of a page, so that the tables stay small; below it clusters of a sector,
    /// because a FAT32 has at least 65,525 of them (Microsoft's FAT specification).
    private static let largeByteCount = 512 * mebibyte

    let partitionByteCount: Int
    let diskByteCount: Int
    let sectorsPerCluster: Int
    /// The volume id of the FAT.
    let volumeSerial: UInt32
    let table: PartitionTable

    /// Where the partition starts, in bytes; the alignment every tool gives partitions.
    static let partitionOffset = mebibyte

    /// `digest` is of the whole image: another image gives another disk.
    init(imageByteCount: Int, digest: ContentDigest) {
        // The tables take less than 2 % of the partition; the rest is for what users add.
        let wanted = imageByteCount + imageByteCount / 32 + 8 * Self.mebibyte
        partitionByteCount = max(
            Self.smallestPartitionByteCount, wanted.roundedUp(toMultipleOf: Self.mebibyte))
        diskByteCount = Self.partitionOffset + partitionByteCount + Self.mebibyte
        sectorsPerCluster = partitionByteCount < Self.largeByteCount ? 1 : 8
        let sector = PartitionTable.sectorByteCount
        let start = Self.partitionOffset / sector
        table = PartitionTable(
            diskSectorCount: diskByteCount / sector,
            partitionSectors: start..<start + partitionByteCount / sector,
            diskGUID: Self.guid(of: digest, for: "disk"),
            partitionGUID: Self.guid(of: digest, for: "partition"))
        volumeSerial =
            Self.guid(of: digest, for: "volume").littleEndian(UInt32.self, at: 0) ?? 0
    }

    /// A GUID of version 8 (RFC 9562, made by a rule of one's own) from the image's digest.
    private static func guid(of digest: ContentDigest, for purpose: String) -> Bytes {
        let source = Array("bake \(purpose)".utf8) + digest.bytes
        var guid = Array(ContentDigest.of(source).bytes[..<16])
        // The version is in the top bits of the third field, which is little-endian on disks.
        guid[7] = guid[7] & 0x0f | 0x80
        guid[8] = guid[8] & 0x3f | 0x80
        return guid
    }
}
