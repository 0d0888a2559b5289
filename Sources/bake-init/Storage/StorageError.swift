import BakeContract

/// Why a disk of the configuration is not where it should be. Facts; the sentences are in
/// `description`, behind "cannot mount LABEL=data at /data: ".
enum StorageError: Error, Equatable {
    /// After so long, with what there is instead.
    case absent(BlockDevice, seconds: UInt64, [Disk])
    case noFile
    /// Several disks have what was to tell one.
    case ambiguous([Disk])
    /// Nothing that has a name for mount(2).
    case unknownContents(Superblock?)
    /// No driver, neither in the kernel nor in the image.
    case noDriver(fileSystem: Bytes)
    case cannotAttachLoop(Errno)
    /// `device` was to be written to.
    case readOnlyDevice(Bytes)
    /// With the file system asked for, and what the superblock says.
    case failed(fileSystem: Bytes, found: Superblock?, Errno)

    var status: GuestStatus {
        if case .noDriver = self { return .unsupported }
        return .preparation
    }
}

extension StorageError: CustomStringConvertible {
    var description: String {
        switch self {
        case .absent(let wanted, let seconds, let disks):
            "\(wanted.noun) within \(seconds) s; \(Self.list(disks))"
        case .noFile: "there is no such file"
        case .ambiguous(let disks):
            "\(disks.map { $0.name.shown }.joined(separator: " and ")) both are that; name one by "
                + "its UUID or its device"
        case .unknownContents(nil): "it holds no file system known here; say its 'fstype'"
        case .unknownContents(let superblock?):
            "it holds \(superblock.type.shown), which is no file system to mount"
        case .noDriver(let fileSystem):
            "this image has no driver for \(fileSystem.shown); bake it with --modules "
                + fileSystem.shown
        case .cannotAttachLoop(let errno): "cannot attach it to a loop device: \(errno.text)"
        case .readOnlyDevice(let device):
            "\(device.shown) can only be read; say so: \"options\": \"ro\""
        case .failed(let fileSystem, let found, let errno): Self.text(fileSystem, found, errno)
        }
    }

    private static func list(_ disks: [Disk]) -> String {
        if disks.isEmpty { return "there is none at all" }
        let verb = disks.count == 1 ? "there is" : "there are"
        return "\(verb) \(disks.map { $0.text }.joined(separator: ", "))"
    }

    private static func text(_ fileSystem: Bytes, _ found: Superblock?, _ errno: Errno) -> String {
        guard let found, found.mountType != fileSystem, found.type != fileSystem else {
            return errno.text
        }
        return "\(errno.text) (it is to be \(fileSystem.shown), but holds \(found.type.shown))"
    }
}

extension BlockDevice {
    /// What was looked for, and not found.
    fileprivate var noun: String {
        switch source {
        case .device(let path): "no block device \(path.shown)"
        case .label, .uuid, .partitionUUID: "no block device with \(path.shown)"
        case .number(let number): "no disk number \(number) ('\(path.shown)')"
        case .file, .tag: "no '\(path.shown)'"
        }
    }
}
