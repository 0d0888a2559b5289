public import BakeContract

/// The archive that the kernel starts from: the guest init, and the modules it loads.
///
/// Layout: docs/image-format.md, *Initramfs, settings, room, blob*.
public enum Initramfs {
    /// A kernel module: a file name like `virtio_blk.ko` and what the file holds, not compressed.
    public struct Module: Equatable, Sendable {
        public var name: String
        public var content: Bytes

        public init(name: String, content: Bytes) {
            self.name = name
            self.content = content
        }
    }

    public enum Compression: Sendable {
        case none
        /// Zstandard level 19, for kernels with CONFIG_RD_ZSTD.
        case zstd
    }

    /// - Parameter modules: in the order to load them.
    public static func archive(
        initProgram: Bytes, modules: [Module], compression: Compression
    ) throws(ImageError) -> Bytes {
        let archive = try members(initProgram: initProgram, modules: modules)
        switch compression {
        case .none: return archive
        case .zstd: return try compressed(archive)
        }
    }

    /// How long an archive is when it is no longer compressed.
    static func unpackedByteCount(of archive: Bytes) -> Int {
        ZstdFrame.contentByteCount(of: archive) ?? archive.count
    }

    /// The archive behind it, which says what this image's blob is and how it is configured: so
    /// the initramfs itself, slow to compress, depends on neither. The guest checks both against
    /// their digest before it believes them.
    ///
    /// - Parameter configuration: the baked rumpconfig.json, nil when there is none.
    public static func settings(
        guestManifest: GuestManifest, configuration: Bytes?
    ) throws(ImageError) -> Bytes {
        var archive = NewcArchive()
        try archive.appendFile("bake/manifest", content: guestManifest.encoded)
        if let configuration {
            try archive.appendFile("bake/rumpconfig.json", content: configuration)
        }
        let digest = ContentDigest.of(guestManifest.encoded + (configuration ?? []))
        try archive.appendFile("bake/settings-sha256", content: Array("\(digest.hex)\n".utf8))
        return try archive.finish()
    }

    /// With a member's name, and its line in the list of modules.
    private static let headerLimitByteCount = 512

    private static func members(
        initProgram: Bytes, modules: [Module]
    ) throws(ImageError) -> Bytes {
        let contents = modules.reduce(initProgram.count) { $0 + $1.content.count }
        var archive = NewcArchive(
            expectedByteCount: contents + (modules.count + 8) * headerLimitByteCount)
        try archive.appendFile("init", permissions: 0o755, content: initProgram)
        try archive.append(.directory("bake"))
        try archive.append(.directory("bake/modules"))
        for module in modules {
            try archive.appendFile("bake/modules/\(module.name)", content: module.content)
        }
        let order = modules.map { $0.name + "\n" }.joined()
        try archive.appendFile("bake/modules/order", content: Array(order.utf8))
        try archive.append(.directory("dev"))
        try archive.append(
            .characterDevice("dev/console", permissions: 0o600, major: 5, minor: 1))
        return try archive.finish()
    }

    /// An archive as the kernel's unzstd wants it.
    public static func compressed(_ archive: Bytes) throws(ImageError) -> Bytes {
        try ZstdFrame.compressed(archive)
    }
}
