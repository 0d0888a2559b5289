/// One entry of `blk`.
public struct BlockDevice: Equatable, Sendable {
    public enum Source: Equatable, Sendable {
        /// An absolute path below /dev.
        case device(Bytes)
        /// Of the file system on it.
        case label(Bytes)
        case uuid(Bytes)
        /// Of a partition, by its disk's table.
        case partitionUUID(Bytes)
        /// The whole disk that comes at this place in the order of names, from 0.
        case number(Int)
        /// A file of the guest's tree, through a loop device.
        case file(Bytes)
        /// What the host calls a directory it shares by virtiofs or 9p.
        case tag(Bytes)
    }

    public var source: Source
    /// As written.
    public var path: Bytes
    /// nil: what the superblock says.
    public var fileSystem: Bytes?
    /// nil: the disk is only waited for.
    public var mountPoint: Bytes?
    /// As mount(8) takes them, comma-separated.
    public var options: Bytes
}

extension BlockDevice {
    /// Whether the boot goes on without it, as in fstab(5).
    public var isOptional: Bool {
        options.split(separator: ASCII.comma).contains { Bytes($0).equals("nofail") }
    }
}

extension Configuration {
    /// The file systems whose drivers have to be loaded while the image's modules are still at hand:
    /// those of mounts that do not come with every kernel.
    public var driverSelection: FileSystemSelection {
        var names: [Bytes] = []
        for disk in blockDevices where disk.mountPoint != nil {
            guard let name = disk.fileSystem else { return .all }
            if !names.contains(name) { names.append(name) }
        }
        for mount in mounts where !mount.isAlwaysThere && !names.contains(mount.fileSystem) {
            names.append(mount.fileSystem)
        }
        return .named(names)
    }
}

extension ConfiguredMount {
    /// Bind mounts and file systems that are part of every kernel that boots an image.
    fileprivate var isAlwaysThere: Bool {
        let builtin: [StaticString] = [
            "none", "tmpfs", "ramfs", "proc", "sysfs", "devtmpfs", "devpts", "cgroup2", "mqueue",
        ]
        return isBind || builtin.contains { fileSystem.equals($0) }
    }

    /// Whether a part of the tree appears in a second place.
    public var isBind: Bool {
        options.split(separator: ASCII.comma).contains {
            Bytes($0).equals("bind") || Bytes($0).equals("rbind")
        }
    }
}
