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

    /// A file system whose modules are loaded when one is to be mounted.
    public struct Driver: Equatable, Sendable {
        /// As mount(8) calls it.
        public var fileSystem: String
        /// File names, in the order to load them.
        public var modules: [String]

        public init(fileSystem: String, modules: [String]) {
            self.fileSystem = fileSystem
            self.modules = modules
        }
    }

    /// The modules of an image: the files, and when which is loaded.
    public struct Modules: Equatable, Sendable {
        public var files: [Module]
        /// How many of `files` are loaded at every start, in their order: the first ones.
        public var startCount: Int
        public var drivers: [Driver]

        public init(files: [Module], startCount: Int, drivers: [Driver]) {
            self.files = files
            self.startCount = startCount
            self.drivers = drivers
        }

        /// All of them loaded at every start.
        public init(atStart files: [Module]) {
            self.init(files: files, startCount: files.count, drivers: [])
        }
    }

    public enum Compression: Sendable {
        case none
        /// Zstandard level 19, for kernels with CONFIG_RD_ZSTD.
        case zstd
    }

    public static func archive(
        initProgram: Bytes, modules: Modules, compression: Compression
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
        initProgram: Bytes, modules: Modules
    ) throws(ImageError) -> Bytes {
        let contents = modules.files.reduce(initProgram.count) { $0 + $1.content.count }
        var archive = NewcArchive(
            expectedByteCount: contents + (modules.files.count + 8) * headerLimitByteCount)
        try archive.appendFile("init", permissions: 0o755, content: initProgram)
        try archive.append(.directory("bake"))
        try archive.append(.directory("bake/modules"))
        for module in modules.files {
            try archive.appendFile("bake/modules/\(module.name)", content: module.content)
        }
        let order = modules.files.prefix(modules.startCount).map { $0.name + "\n" }.joined()
        try archive.appendFile("bake/modules/order", content: Array(order.utf8))
        if !modules.drivers.isEmpty {
            let lines = modules.drivers.map {
                ([$0.fileSystem] + $0.modules).joined(separator: " ") + "\n"
            }
            try archive.appendFile("bake/modules/on-demand", content: Array(lines.joined().utf8))
        }
        try archive.append(.directory("dev"))
        try archive.append(
            .characterDevice("dev/console", permissions: 0o600, major: 5, minor: 1))
        return try archive.finish()
    }

    /// An archive as the kernel's unzstd wants it.
    public static func compressed(_ archive: Bytes) throws(ImageError) -> Bytes {
        try ZstdFrame.compressed(archive, level: 19)
    }
}
