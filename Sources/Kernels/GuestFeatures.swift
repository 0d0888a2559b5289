/// One thing of the kernel that the guest uses: an option, the module it may come as, and why.
public struct GuestFeature: Equatable, Sendable {
    /// When an image has use for the feature.
    enum Use: Equatable, Sendable {
        case always
        case squashfs
        case compression(ImageDemands.Compression)
        case verity
        case tar
        case overlay
        case network
        case zstdInitramfs
    }

    enum Necessity: Equatable, Sendable {
        /// The image does not start without it.
        case required
        /// It starts; the text says what is worse.
        case optional(String)
        /// It starts, and nobody is told: other machines than this kernel's own would use it.
        case welcome
    }

    /// As the kernel's configuration spells it: `CONFIG_SQUASHFS`.
    public let option: String
    /// The module's name with underscores; nil where the option can only be `y`.
    public let module: String?
    /// What the guest does with it, in the words of an error message.
    public let purpose: String
    let use: Use
    let necessity: Necessity
}

extension GuestFeature {
    /// Everything the guest can make use of. Modules are loaded in this order, what they depend
    /// on before them: devices to talk through come first, so that a failure later is heard.
    public static let all: [GuestFeature] = [
        // The kernel itself.
        needs("BLK_DEV_INITRD", "unpacks the initramfs, where the guest init stands"),
        needs("BINFMT_ELF", "runs programs"),
        needs("PROC_FS", "/proc"),
        needs("SYSFS", "/sys"),
        needs("TMPFS", "/run, /tmp, and what the program writes"),
        needs("DEVTMPFS", "/dev"),
        needs("RD_ZSTD", "unpacks the initramfs", .zstdInitramfs),
        offers("MODULES", nil, "loads the drivers that are modules", .welcome),

        // Talking to the host.
        offers("VIRTIO_PCI", "virtio_pci", "virtio devices on PCI", .optional(deaf)),
        offers("VIRTIO_MMIO", "virtio_mmio", "virtio devices of microvm and Firecracker", .welcome),
        offers("VIRTIO_CONSOLE", "virtio_console", "output and status", .optional(deaf)),
        offers(
            "FW_CFG_SYSFS", "qemu_fw_cfg", "reads overrides from QEMU's firmware table",
            .optional("overrides must fit on the kernel command line")),

        // The blob, left where the loader put it.
        offers("BLK_DEV_PMEM", "nd_pmem", "the blob where it was loaded", .optional(copied)),
        offers("X86_PMEM_LEGACY", "nd_e820", "finds the blob in the memory map", .optional(copied)),

        // The blob, mounted.
        needs("BLK_DEV_LOOP", "loop", "the blob as a block device once unpacked", .squashfs),
        needs("SQUASHFS", "squashfs", "mounts the blob", .squashfs),
        needs("SQUASHFS_ZSTD", "reads the blob's zstd", .compression(.zstd)),
        needs("SQUASHFS_ZLIB", "reads the blob's gzip", .compression(.gzip)),
        needs("SQUASHFS_XZ", "reads the blob's xz", .compression(.xz)),
        needs("SQUASHFS_LZ4", "reads the blob's lz4", .compression(.lz4)),
        // "none" is the gzip id with every block stored.
        needs("SQUASHFS_ZLIB", "reads the blob's superblock, which says gzip", .compression(.none)),
        offers(
            "SQUASHFS_XATTR", nil, "extended attributes",
            .optional("extended attributes, file capabilities among them, are not seen"),
            .squashfs),
        needs("BLK_DEV_DM", "dm_mod", "sets up dm-verity", .verity),
        offers("CRYPTO_SHA256_SSSE3", "sha256_ssse3", "checks the blob's blocks faster", .welcome),
        needs("DM_VERITY", "dm_verity", "checks the blob's blocks as they are read", .verity),
        needs("OVERLAY_FS", "overlay", "makes the root writable", .overlay),

        // The configuration room of every image, and a tar before it is unpacked.
        needs("CRYPTO_USER_API_HASH", "algif_hash", "checks the configuration room", .always),
        needs("CRYPTO_SHA256", "sha256_generic", "checks the configuration room", .always),

        // What programs use.
        needs("NET", "sockets", .network),
        needs("INET", "TCP/IP", .network),
        needs("PACKET", "af_packet", "asks for an address by DHCP", .network),
        offers("UNIX", "unix", "sockets between programs", .welcome),
        offers("VIRTIO_NET", "virtio_net", "network", .optional("no virtio network"), .network),
        offers("VIRTIO_BLK", "virtio_blk", "disks", .welcome),
        // Also what `bake stop` presses.
        offers("ACPI_BUTTON", "button", "hears the power button", .welcome),
        offers(
            "BINFMT_SCRIPT", "binfmt_script", "runs scripts",
            .optional("programs that begin with #! do not run")),
    ]

    /// What an image with these demands has use for.
    public static func useful(for demands: ImageDemands) -> [GuestFeature] {
        all.filter { $0.use.applies(to: demands) }
    }
}

private let deaf = "'bake run' gets output and status from the serial console alone"
private let copied = "the blob is copied at each start"

extension GuestFeature.Use {
    func applies(to demands: ImageDemands) -> Bool {
        switch self {
        case .always: true
        case .squashfs: demands.blob != .tar
        case .compression(let compression): demands.blob == .squashfs(compression)
        case .verity: demands.blob != .tar && demands.usesVerity
        case .tar: demands.blob == .tar
        case .overlay: demands.blob != .tar && demands.usesOverlay
        case .network: demands.usesNetwork
        case .zstdInitramfs: demands.compressesInitramfs
        }
    }
}

private func needs(
    _ option: String, _ purpose: String, _ use: GuestFeature.Use = .always
) -> GuestFeature {
    GuestFeature(
        option: "CONFIG_" + option, module: nil, purpose: purpose, use: use, necessity: .required)
}

private func needs(
    _ option: String, _ module: String, _ purpose: String, _ use: GuestFeature.Use
) -> GuestFeature {
    GuestFeature(
        option: "CONFIG_" + option, module: module, purpose: purpose, use: use,
        necessity: .required)
}

private func offers(
    _ option: String, _ module: String?, _ purpose: String, _ necessity: GuestFeature.Necessity,
    _ use: GuestFeature.Use = .always
) -> GuestFeature {
    GuestFeature(
        option: "CONFIG_" + option, module: module, purpose: purpose, use: use,
        necessity: necessity)
}
