/// A file system that images mount besides their own, and what the kernel needs for it. Drivers
/// that are modules travel in the image and are loaded when such a file system is to be mounted.
struct FileSystemDriver: Equatable, Sendable {
    /// As mount(8) calls it.
    let name: String
    /// Other file systems that the same driver mounts.
    let otherNames: [String]
    let features: [GuestFeature]

    private init(_ name: String, _ features: (String, String)..., alsoFor otherNames: [String] = [])
    {
        self.name = name
        self.otherNames = otherNames
        self.features = features.map { option, module in
            GuestFeature(
                option: "CONFIG_" + option, module: module, purpose: "mounts \(name)", use: .always,
                necessity: .required)
        }
    }

    /// All that bake knows the option of.
    static let all: [FileSystemDriver] = [
        FileSystemDriver("ext4", ("EXT4_FS", "ext4"), alsoFor: ["ext2", "ext3"]),
        FileSystemDriver("vfat", ("VFAT_FS", "vfat")),
        FileSystemDriver("iso9660", ("ISO9660_FS", "isofs")),
        FileSystemDriver("squashfs", ("SQUASHFS", "squashfs")),
        FileSystemDriver("erofs", ("EROFS_FS", "erofs")),
        FileSystemDriver("xfs", ("XFS_FS", "xfs")),
        FileSystemDriver("btrfs", ("BTRFS_FS", "btrfs")),
        FileSystemDriver("f2fs", ("F2FS_FS", "f2fs")),
        FileSystemDriver("exfat", ("EXFAT_FS", "exfat")),
        FileSystemDriver("ntfs3", ("NTFS3_FS", "ntfs3")),
        FileSystemDriver("udf", ("UDF_FS", "udf")),
        FileSystemDriver("overlay", ("OVERLAY_FS", "overlay")),
        FileSystemDriver("virtiofs", ("VIRTIO_FS", "virtiofs")),
        FileSystemDriver("9p", ("9P_FS", "9p"), ("NET_9P_VIRTIO", "9pnet_virtio")),
    ]

    static func named(_ name: String) -> FileSystemDriver? {
        all.first { $0.name == name || $0.otherNames.contains(name) }
    }
}

/// What is asked of an image's drivers besides what every image has use for.
public struct DriverDemands: Equatable, Sendable {
    /// A file system that somebody wants to be mounted.
    public struct Request: Equatable, Sendable {
        public let fileSystem: String
        /// Who: a key of the configuration or a flag, as in "'blk' asks for it".
        public let asker: String

        public init(fileSystem: String, asker: String) {
            self.fileSystem = fileSystem
            self.asker = asker
        }
    }

    /// These must be there.
    public var requests: [Request] = []
    /// Some disk's file system is known only when it is read: what most disks have is taken along.
    public var hasUnknownDisks = false
    /// Of `--modules`: file systems, or modules to load at every start.
    public var modules: [String] = []

    public init() {}

    /// Disks with settings come with these, in every cloud.
    static let always = ["vfat", "iso9660"]
    /// For disks of unknown content. Not xfs, which is as large as all the others together.
    static let usual = ["ext4", "squashfs", "erofs"]
}

/// The modules of an image.
public struct ModuleSelection: Equatable, Sendable {
    /// A file system with the modules it needs, in loading order; those loaded at the start are
    /// not among them.
    public struct Driver: Equatable, Sendable {
        public let fileSystem: String
        public let modules: [KernelModule]
    }

    /// Loaded at every start, in this order.
    public internal(set) var atStart: [KernelModule] = []
    /// By name. Two of them may share modules.
    public internal(set) var onDemand: [Driver] = []

    /// All of them, none twice.
    public var all: [KernelModule] {
        var known: Set<String> = []
        return (atStart + onDemand.flatMap(\.modules)).filter { known.insert($0.name).inserted }
    }
}
