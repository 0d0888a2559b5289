import BakeContract

/// Tells what is on a block device by the marks that each file system leaves in fixed places.
///
/// Each format's own description names the places: Documentation/filesystems/ext4/super.rst, the
/// XFS Algorithms & Data Structures ("Superblocks"), ECMA-119 section 8, the squashfs format's
/// superblock chapter, Documentation/filesystems/erofs.rst, Microsoft's FAT specification, and
/// magic numbers of include/uapi/linux/magic.h. blkid(8) answers the same for what both know.
enum SuperblockProbe {
    /// Nil for what none of them is: empty, a table of partitions, something else.
    static func probe(_ device: DeviceReader) -> Superblock? {
        guard let start = device.bytes(at: 0, 4096).map(Sector.init) ?? firstSectors(of: device)
        else { return nil }
        return ext(start) ?? xfs(start) ?? squashfs(start) ?? erofs(start) ?? swap(start)
            ?? others(start, device) ?? iso9660(device) ?? fat(start, device)
    }

    /// Of a device shorter than a page.
    private static func firstSectors(of device: DeviceReader) -> Sector? {
        let bytes = device.bytes(at: 0, upTo: 4096)
        return bytes.isEmpty ? nil : Sector(bytes: bytes)
    }

    // MARK: Linux's own

    private static func ext(_ start: Sector) -> Superblock? {
        let offset = 1024
        guard start.number(offset + 0x38, 2) == 0xef53 else { return nil }
        return Superblock(
            type: extType(
                compatible: start.number(offset + 0x5c, 4),
                incompatible: start.number(offset + 0x60, 4),
                readOnlyCompatible: start.number(offset + 0x64, 4)),
            label: start.field(offset + 0x78, 16).untilNUL,
            uuid: start.field(offset + 0x68, 16).asUUID)
    }

    /// By its features: what ext2 knows, with a journal ext3, anything newer ext4.
    private static func extType(
        compatible: UInt64, incompatible: UInt64, readOnlyCompatible: UInt64
    ) -> Bytes {
        let journal: UInt64 = 0x4
        let journalDevice: UInt64 = 0x8
        let fileType: UInt64 = 0x2
        let recover: UInt64 = 0x4
        let metaBlockGroups: UInt64 = 0x10
        // sparse_super, large_file, btree_dir
        let oldReadOnly: UInt64 = 0x7
        if incompatible & journalDevice != 0 { return "jbd".bytes }
        if readOnlyCompatible & ~oldReadOnly != 0 { return "ext4".bytes }
        if compatible & journal != 0 {
            let known = fileType | recover | metaBlockGroups
            return incompatible & ~known == 0 ? "ext3".bytes : "ext4".bytes
        }
        return incompatible & ~(fileType | metaBlockGroups) == 0 ? "ext2".bytes : "ext4".bytes
    }

    private static func xfs(_ start: Sector) -> Superblock? {
        guard start.holds("XFSB".bytes, at: 0) else { return nil }
        return Superblock(
            type: "xfs".bytes, label: start.field(108, 12).untilNUL,
            uuid: start.field(32, 16).asUUID)
    }

    private static func squashfs(_ start: Sector) -> Superblock? {
        guard start.holds("hsqs".bytes, at: 0), start.number(28, 2) == 4 else { return nil }
        return Superblock(type: "squashfs".bytes)
    }

    private static func erofs(_ start: Sector) -> Superblock? {
        let offset = 1024
        guard start.number(offset, 4) == 0xe0f5_e1e2 else { return nil }
        return Superblock(
            type: "erofs".bytes, label: start.field(offset + 64, 16).untilNUL,
            uuid: start.field(offset + 48, 16).asUUID)
    }

    private static func swap(_ start: Sector) -> Superblock? {
        guard start.holds("SWAPSPACE2".bytes, at: 4086) else { return nil }
        return Superblock(
            type: "swap".bytes, label: start.field(1052, 16).untilNUL,
            uuid: start.field(1036, 16).asUUID)
    }

    /// Only named, for messages: none of them is found by a label of ours.
    private static func others(_ start: Sector, _ device: DeviceReader) -> Superblock? {
        if start.holds("LUKS".bytes + [0xba, 0xbe], at: 0) {
            return Superblock(type: "LUKS".bytes)
        }
        if start.holds("LABELONE".bytes, at: 512) { return Superblock(type: "LVM".bytes) }
        guard device.bytes(at: 0x10040, 8) == "_BHRfS_M".bytes else { return nil }
        return Superblock(type: "btrfs".bytes)
    }
}
