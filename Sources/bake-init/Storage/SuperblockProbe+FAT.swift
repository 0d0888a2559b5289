import BakeContract

/// Microsoft's FAT specification: the boot sector, and the label's entry in the root directory.
extension SuperblockProbe {
    /// The boot sector's geometry, checked as Linux's driver does (fs/fat/inode.c,
    /// `fat_read_bpb`): 55 aa alone stands on every disk with partitions too.
    private struct Geometry {
        let sectorByteCount: UInt64
        let clusterSectorCount: UInt64
        let reservedSectorCount: UInt64
        let tableCount: UInt64
        let tableSectorCount: UInt64
        let rootEntryCount: UInt64
        let rootCluster: UInt64

        init?(_ boot: Sector) {
            sectorByteCount = boot.number(11, 2)
            clusterSectorCount = boot.number(13, 1)
            reservedSectorCount = boot.number(14, 2)
            tableCount = boot.number(16, 1)
            rootEntryCount = boot.number(17, 2)
            let media = boot.number(21, 1)
            let oldTable = boot.number(22, 2)
            tableSectorCount = oldTable != 0 ? oldTable : boot.number(36, 4)
            rootCluster = boot.number(44, 4)
            guard boot.number(510, 2) == 0xaa55,
                Self.isPowerOfTwo(sectorByteCount), (512...4096).contains(sectorByteCount),
                Self.isPowerOfTwo(clusterSectorCount), reservedSectorCount > 0, tableCount > 0,
                tableSectorCount > 0, media == 0xf0 || media >= 0xf8
            else { return nil }
            // Of FAT12 and 16 the root directory has a place of its own; FAT32's is in clusters.
            guard isFAT32 ? rootCluster >= 2 : rootEntryCount > 0 else { return nil }
        }

        /// Told by the field that is not used.
        var isFAT32: Bool { rootEntryCount == 0 }

        private static func isPowerOfTwo(_ number: UInt64) -> Bool {
            number > 0 && number & (number - 1) == 0
        }

        /// Bytes from the start of the device; the numbers are of 32 bits and less, so nothing
        /// overflows.
        var dataOffset: UInt64 {
            (reservedSectorCount + tableCount * tableSectorCount) * sectorByteCount
        }

        var clusterByteCount: UInt64 { clusterSectorCount * sectorByteCount }

        func offset(ofCluster cluster: UInt64) -> UInt64 {
            dataOffset + (cluster - 2) * clusterByteCount
        }

        func offset(ofTableEntry cluster: UInt64) -> UInt64 {
            reservedSectorCount * sectorByteCount + cluster * 4
        }
    }

    private static let entryByteCount = 32
    /// The label is one of the first entries; a directory of this many clusters that has none
    /// before has none.
    private static let clusterLimit = 64

    static func fat(_ start: Sector, _ device: DeviceReader) -> Superblock? {
        guard let geometry = Geometry(start) else { return nil }
        let serial = start.number(geometry.isFAT32 ? 67 : 39, 4)
        let bootLabel = start.field(geometry.isFAT32 ? 71 : 43, 11).withoutPadding
        let label = rootLabel(geometry, device) ?? bootLabel
        return Superblock(
            type: "vfat".bytes, label: label == "NO NAME".bytes ? [] : label,
            uuid: serialText(serial))
    }

    private static func rootLabel(_ geometry: Geometry, _ device: DeviceReader) -> Bytes? {
        guard geometry.isFAT32 else {
            let byteCount = Int(geometry.rootEntryCount) * entryByteCount
            return label(in: device.bytes(at: geometry.dataOffset, upTo: byteCount)).label
        }
        var cluster = geometry.rootCluster
        for _ in 0..<clusterLimit {
            let entries = device.bytes(
                at: geometry.offset(ofCluster: cluster), upTo: Int(geometry.clusterByteCount))
            let found = label(in: entries)
            if found.isAtEnd || found.label != nil { return found.label }
            guard let next = device.bytes(at: geometry.offset(ofTableEntry: cluster), 4) else {
                return nil
            }
            // 28 bits of each entry count; 0 and 1 are no clusters, 0x0ffffff8 and up is the end.
            cluster = Sector(bytes: next).number(0, 4) & 0x0fff_ffff
            if cluster < 2 || cluster >= 0x0fff_fff7 { return nil }
        }
        return nil
    }

    /// The entry with the attribute "volume label", not one that is part of a long name.
    private static func label(in entries: Bytes) -> (label: Bytes?, isAtEnd: Bool) {
        let sector = Sector(bytes: entries)
        for offset in stride(from: 0, to: entries.count - entryByteCount + 1, by: entryByteCount) {
            let first = entries[offset]
            if first == 0 { return (nil, true) }
            let attributes = entries[offset + 11]
            let isLongName = attributes & 0x3f == 0x0f
            guard first != 0xe5, !isLongName, attributes & 0x18 == 0x08 else { continue }
            var name = sector.field(offset, 11)
            // 05 stands for a first character e5, which would say "deleted".
            if first == 0x05 { name[0] = 0xe5 }
            return (name.withoutPadding, true)
        }
        return (nil, entries.isEmpty)
    }

    /// `ABCD-0123`; empty for a disk that was given none.
    private static func serialText(_ serial: UInt64) -> Bytes {
        if serial == 0 { return [] }
        let digits = "0123456789ABCDEF".bytes
        var text: Bytes = []
        for shift in stride(from: UInt64(28), through: 0, by: -4) {
            text.append(digits[Int(serial >> shift & 15)])
            if shift == 16 { text.append(UInt8(ascii: "-")) }
        }
        return text
    }
}
