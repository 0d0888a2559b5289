public import BakeContract
internal import CZstd

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
        let content = ZSTD_getFrameContentSize(archive, archive.count)
        // Not a frame, or one that does not say: the two highest numbers.
        return content > UInt64(Int.max) ? archive.count : Int(content)
    }

    /// The archive behind it, which says what this image's blob is and how it is configured: so
    /// the initramfs itself, slow to compress, depends on neither.
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
        return try archive.finish()
    }

    private static func members(
        initProgram: Bytes, modules: [Module]
    ) throws(ImageError) -> Bytes {
        var archive = NewcArchive()
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

    /// One frame with its length and a checksum, as the kernel's unzstd wants it; one thread, so
    /// that the same input makes the same bytes on every machine.
    public static func compressed(_ content: Bytes) throws(ImageError) -> Bytes {
        guard let context = ZSTD_createCCtx() else { throw .compression("out of memory") }
        defer { ZSTD_freeCCtx(context) }
        try check(ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, 19))
        try check(ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1))
        var frame = Bytes(repeating: 0, count: ZSTD_compressBound(content.count))
        let byteCount = try check(
            ZSTD_compress2(context, &frame, frame.count, content, content.count))
        return Array(frame[..<byteCount])
    }

    @discardableResult
    private static func check(_ result: Int) throws(ImageError) -> Int {
        guard ZSTD_isError(result) == 0 else {
            throw .compression(String(cString: ZSTD_getErrorName(result)))
        }
        return result
    }
}
