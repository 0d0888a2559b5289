import BakeContract

/// How long a disk may take to appear: its driver may still be asking the bus.
private let patienceMilliseconds: UInt64 = 10_000
private let pollMilliseconds: UInt64 = 20

/// The disk that an entry of `blk` means, once it is there.
///
/// - Precondition: it means one, not a file or a directory of the host.
func findDisk<System: GuestSystem>(
    _ wanted: BlockDevice, on system: System
) throws(StorageError) -> Disk {
    let start = system.uptime()
    while true {
        let disks = disks(on: system)
        let found = matches(wanted.source, among: disks)
        if let disk = try only(found) { return disk }
        guard system.uptime() < start + patienceMilliseconds else {
            throw .absent(wanted, seconds: patienceMilliseconds / 1000, disks)
        }
        system.sleep(milliseconds: pollMilliseconds)
    }
}

/// nil for none. A disk whose first partition begins where the disk does (a disc image made for USB
/// sticks too) shows the same superblock twice, and is one.
private func only(_ found: [Disk]) throws(StorageError) -> Disk? {
    guard let first = found.first else { return nil }
    let others = found.filter { $0.parent != first.name && $0.name != first.name }
    guard others.isEmpty else { throw .ambiguous(found) }
    return first
}

private func matches(_ source: BlockDevice.Source, among disks: [Disk]) -> [Disk] {
    switch source {
    case .device(let path): disks.filter { $0.path == path }
    case .label(let label): disks.filter { $0.superblock?.label == label }
    case .uuid(let uuid): disks.filter { $0.superblock?.hasUUID(uuid) ?? false }
    case .partitionUUID(let uuid): disks.filter { $0.partitionUUID == uuid.lowerCase }
    case .number(let number):
        Array(disks.filter { $0.parent == nil }.dropFirst(number).prefix(1))
    case .file, .tag: []
    }
}
