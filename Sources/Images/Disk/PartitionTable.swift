internal import BakeContract

/// A GUID partition table with one partition, an EFI system partition.
///
/// Layout: UEFI specification, *GUID Partition Table (GPT) Disk Layout*. Sectors of 512 bytes.
struct PartitionTable: Equatable {
    static let sectorByteCount = 512
    private static let entryCount = 128
    private static let entryByteCount = 128
    private static let entrySectorCount = entryCount * entryByteCount / sectorByteCount
    private static let headerByteCount = 92
    private static let partitionName = "EFI system partition"
    /// C12A7328-F81F-11D2-BA4B-00A0C93EC93B; the first three fields are little-endian.
    private static let efiSystemType: Bytes = [
        0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8, 0xd2, 0x11,
        0xba, 0x4b, 0x00, 0xa0, 0xc9, 0x3e, 0xc9, 0x3b,
    ]

    var diskSectorCount: Int
    var partitionSectors: Range<Int>
    /// 16 bytes each.
    var diskGUID: Bytes
    var partitionGUID: Bytes

    /// What the disk begins with: protective MBR, header, entries.
    var primary: Bytes {
        protectiveRecord + header(sector: 1, other: diskSectorCount - 1, entriesSector: 2)
            + entries
    }

    /// What the disk ends with: entries, header.
    var backup: Bytes {
        let entriesSector = diskSectorCount - 1 - Self.entrySectorCount
        return entries
            + header(sector: diskSectorCount - 1, other: 1, entriesSector: entriesSector)
    }

    /// One partition of type 0xee over the whole disk, for those who know no GPT.
    private var protectiveRecord: Bytes {
        var record = Bytes(repeating: 0, count: Self.sectorByteCount)
        let partition: Bytes = [0x00, 0x00, 0x02, 0x00, 0xee, 0xff, 0xff, 0xff]
        record.replaceSubrange(446..<454, with: partition)
        record.store(littleEndian: UInt32(1), at: 454)
        record.store(littleEndian: UInt32(clamping: diskSectorCount - 1), at: 458)
        record.store(littleEndian: UInt16(0xaa55), at: 510)
        return record
    }

    private func header(sector: Int, other: Int, entriesSector: Int) -> Bytes {
        let firstUsable = 2 + Self.entrySectorCount
        var header = Array("EFI PART".utf8)
        header.append(littleEndian: UInt32(0x0001_0000))
        header.append(littleEndian: UInt32(Self.headerByteCount))
        header.append(littleEndian: UInt64(0))  // CRC, filled in below, and reserved
        for number in [sector, other, firstUsable, diskSectorCount - firstUsable] {
            header.append(littleEndian: UInt64(number))
        }
        header += diskGUID
        header.append(littleEndian: UInt64(entriesSector))
        header.append(littleEndian: UInt32(Self.entryCount))
        header.append(littleEndian: UInt32(Self.entryByteCount))
        header.append(littleEndian: CRC32.of(entries))
        header.store(littleEndian: CRC32.of(header), at: 16)
        header.pad(toMultipleOf: Self.sectorByteCount)
        return header
    }

    private var entries: Bytes {
        var entry = Self.efiSystemType + partitionGUID
        entry.append(littleEndian: UInt64(partitionSectors.lowerBound))
        entry.append(littleEndian: UInt64(partitionSectors.upperBound - 1))
        entry.append(littleEndian: UInt64(0))
        for unit in Self.partitionName.utf16 { entry.append(littleEndian: unit) }
        entry.pad(toMultipleOf: Self.entryCount * Self.entryByteCount)
        return entry
    }
}
