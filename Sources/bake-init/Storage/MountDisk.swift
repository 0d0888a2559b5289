import BakeContract

/// Waits for the disk of an entry of `blk` and mounts it, with the directories above its mount
/// point made where they are missing.
func mountDisk<System: GuestSystem>(
    _ wanted: BlockDevice, on system: System
) throws(StorageError) {
    switch wanted.source {
    case .file(let path): try mountFile(path, wanted, on: system)
    case .tag(let tag): try mount(tag, holding: nil, wanted, on: system)
    case .device, .label, .uuid, .partitionUUID, .number:
        let disk = try findDisk(wanted, on: system)
        try mount(disk.path, holding: disk.superblock, wanted, on: system)
    }
}

/// File systems without a way to write: a device is opened for reading alone.
private func isReadOnly(_ fileSystem: Bytes) -> Bool {
    ["iso9660", "squashfs", "erofs"].contains { $0.bytes == fileSystem }
}

private func mount<System: GuestSystem>(
    _ source: Bytes, holding superblock: Superblock?, _ wanted: BlockDevice, on system: System
) throws(StorageError) {
    guard let target = wanted.mountPoint else { return }
    guard let type = wanted.fileSystem ?? superblock?.mountType else {
        throw .unknownContents(nil)
    }
    if let superblock, wanted.fileSystem == nil, !superblock.isFileSystem {
        throw .unknownContents(superblock)
    }
    makeDirectoriesIfMissing(target, mode: 0o755, on: system)
    var (flags, options) = MountFlags.split(wanted.options)
    if isReadOnly(type) { flags.insert(.readOnly) }
    do {
        try system.mount(
            Mount(source: source, target: target, type: type, flags: flags, options: options))
    } catch {
        switch error {
        case .noDevice: throw .noDriver(fileSystem: type)
        case .readOnlyFileSystem, .denied:
            if flags.contains(.readOnly) {
                throw .failed(fileSystem: type, found: superblock, error)
            }
            throw .readOnlyDevice(source)
        default: throw .failed(fileSystem: type, found: superblock, error)
        }
    }
}

/// A file of the tree as a disk. One that can be written to is copied into memory as soon as it is
/// opened, where it stands on the image's own root.
private func mountFile<System: GuestSystem>(
    _ path: Bytes, _ wanted: BlockDevice, on system: System
) throws(StorageError) {
    guard system.kind(of: path) != nil else { throw .noFile }
    let superblock = SuperblockProbe.probe(DeviceReader(path, on: system))
    let type = wanted.fileSystem ?? superblock?.type ?? []
    let isSealed = MountFlags.split(wanted.options).flags.contains(.readOnly)
    let device: LoopDevice
    do {
        device = try system.attachLoop(
            to: path, isReadOnly: isSealed || isReadOnly(type), blockByteCount: 512)
    } catch {
        throw .cannotAttachLoop(error)
    }
    // Held by the mount from here on, and free when that ends.
    defer { system.release(device) }
    try mount(device.path, holding: superblock, wanted, on: system)
}
