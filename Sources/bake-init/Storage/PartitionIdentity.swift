import BakeContract

/// The PARTUUID of a partition, read from its disk's table as the kernel does for `root=PARTUUID=`
/// (block/partitions/efi.c and msdos.c): kernels before 6.10 tell nobody else.
enum PartitionIdentity {
    /// UEFI specification, "GPT Header" and "GPT Partition Entry Array".
    private static let signature = "EFI PART".bytes
    private static let smallestEntryByteCount: UInt64 = 128
    private static let largestEntryByteCount: UInt64 = 4096

    /// Lower case; nil when the disk has no table that says one.
    ///
    /// - Parameters:
    ///   - number: of the partition, from 1.
    ///   - blockByteCount: the disk's logical block size.
    static func uuid(
        ofPartition number: UInt64, on disk: DeviceReader, blockByteCount: UInt64
    ) -> Bytes? {
        guard number > 0, let boot = disk.bytes(at: 0, 512).map(Sector.init),
            boot.number(510, 2) == 0xaa55
        else { return nil }
        if let header = disk.bytes(at: blockByteCount, 512), header.starts(with: signature) {
            return uuid(ofEntry: number, in: Sector(bytes: header), disk, blockByteCount)
        }
        let diskSignature = boot.number(440, 4)
        guard diskSignature != 0, number < 1 << 32 else { return nil }
        return hexadecimal(diskSignature, digitCount: 8) + "-".bytes
            + hexadecimal(number, digitCount: number < 256 ? 2 : 8)
    }

    private static func uuid(
        ofEntry number: UInt64, in header: Sector, _ disk: DeviceReader, _ blockByteCount: UInt64
    ) -> Bytes? {
        let firstBlock = header.number(72, 8)
        let entryCount = header.number(80, 4)
        let entryByteCount = header.number(84, 4)
        guard number <= entryCount,
            (smallestEntryByteCount...largestEntryByteCount).contains(entryByteCount)
        else { return nil }
        let (start, isTooFar) = firstBlock.multipliedReportingOverflow(by: blockByteCount)
        let (offset, isTooFarToo) = start.addingReportingOverflow((number - 1) * entryByteCount)
        guard !isTooFar, !isTooFarToo, let entry = disk.bytes(at: offset, 32) else { return nil }
        // The first three groups are little-endian.
        let identity = Bytes(entry[16..<32])
        let order = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15]
        let text = order.map { identity[$0] }.asUUID
        return text.isEmpty ? nil : text
    }

    private static func hexadecimal(_ number: UInt64, digitCount: Int) -> Bytes {
        var bytes: Bytes = []
        for index in (0..<(digitCount / 2)).reversed() {
            bytes.append(UInt8(truncatingIfNeeded: number >> UInt64(index * 8)))
        }
        return bytes.hexadecimal
    }
}
