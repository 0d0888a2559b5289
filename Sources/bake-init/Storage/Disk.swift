import BakeContract

/// A block device of the machine's, or a partition of one, and what is on it.
struct Disk: Equatable {
    /// As in /sys/class/block: `vda1`.
    var name: Bytes
    /// What it holds; nil for nothing we know.
    var superblock: Superblock?
    /// Of a partition: its disk.
    var parent: Bytes?
    /// Of a partition, where the disk's table has one for it.
    var partitionUUID: Bytes?

    var path: Bytes { "/dev/".bytes + name }

    /// For a list of what there is: `vda1 (ext4, LABEL=root)`.
    var text: String {
        guard let superblock else { return "\(name.shown) (unknown)" }
        var facts = superblock.type.shown
        if !superblock.label.isEmpty {
            facts += ", LABEL=\(superblock.label.shown)"
        } else if !superblock.uuid.isEmpty {
            facts += ", UUID=\(superblock.uuid.shown)"
        }
        return "\(name.shown) (\(facts))"
    }
}

/// Devices that are made of something else of this machine, and those without a medium.
private let otherKinds = ["loop", "ram", "zram", "dm-", "pmem", "fd"]

/// All disks and partitions there are at this moment, in the order of their names: `vda`, `vdb`,
/// ..., `vdz`, `vdaa`. It waits for none, and reads the first blocks of each.
func disks<System: GuestSystem>(on system: System) -> [Disk] {
    let names = diskNames(on: system)
    return names.map { name in
        let parent =
            isPartition(name, on: system)
            ? names.first { isPartition(name, of: $0, on: system) } : nil
        return Disk(
            name: name,
            superblock: SuperblockProbe.probe(DeviceReader("/dev/".bytes + name, on: system)),
            parent: parent,
            partitionUUID: parent.flatMap { partitionUUID(of: name, on: $0, system) })
    }
}

private let classFolder = "/sys/class/block/".bytes

/// Without devices that have no length: an empty drive, a disk that is being set up.
private func diskNames<System: GuestSystem>(on system: System) -> [Bytes] {
    // A kernel without block devices has no such folder.
    let names = (try? system.list(classFolder)) ?? []  // as said above
    let disks = names.filter { name in
        if otherKinds.contains(where: { name.starts(with: $0.bytes) }) { return false }
        let sectorCount = number(classFolder + name + "/size".bytes, on: system) ?? 0
        return sectorCount > 0 && system.kind(of: "/dev/".bytes + name) != nil
    }
    return disks.sorted {
        $0.count == $1.count ? $0.lexicographicallyPrecedes($1) : $0.count < $1.count
    }
}

private func isPartition<System: GuestSystem>(_ name: Bytes, on system: System) -> Bool {
    system.kind(of: classFolder + name + "/partition".bytes) != nil
}

/// A partition stands in its disk's folder.
private func isPartition<System: GuestSystem>(
    _ name: Bytes, of disk: Bytes, on system: System
) -> Bool {
    let file = classFolder + disk + "/".bytes + name + "/partition".bytes
    return name != disk && system.kind(of: file) != nil
}

private func partitionUUID<System: GuestSystem>(
    of name: Bytes, on disk: Bytes, _ system: System
) -> Bytes? {
    guard let partition = number(classFolder + name + "/partition".bytes, on: system) else {
        return nil
    }
    let blockByteCount =
        number(classFolder + disk + "/queue/logical_block_size".bytes, on: system) ?? 512
    return PartitionIdentity.uuid(
        ofPartition: partition, on: DeviceReader("/dev/".bytes + disk, on: system),
        blockByteCount: blockByteCount)
}

private func number<System: GuestSystem>(_ file: Bytes, on system: System) -> UInt64? {
    // The device is gone.
    guard let text = try? system.read(file, limit: 64) else { return nil }  // as said above
    return text.trimmed.decimal
}
