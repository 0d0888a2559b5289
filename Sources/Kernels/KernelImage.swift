public import SystemPackage

/// A Linux bzImage: where it is, and what its setup header says about it.
///
/// Rules and offsets: Documentation/arch/x86/boot.rst, "The Real-Mode Kernel Header". Only
/// 64-bit kernels of protocol 2.12 (Linux 3.8) or later are accepted: before that nothing tells
/// whether the kernel is a 64-bit one.
public struct KernelImage: Equatable, Sendable {
    public let path: FilePath
    /// Boot protocol, 0x020f for 2.15.
    public let protocolVersion: UInt16
    /// The kernel's own description: release, builder, build number and date.
    public let versionText: String
    /// The release, the first word of `versionText`: "6.1.0-56-cloud-amd64".
    public let version: String
    /// Length of boot sector and setup code in bytes; the payload follows.
    public let setupByteCount: Int
    /// Length of the payload in bytes, as `syssize` says; signed kernels have more behind it.
    public let payloadByteCount: Int
    /// Memory the kernel needs from its load address on until it manages memory itself, in bytes.
    public let initSize: Int
    /// Longest command line in bytes, without the NUL.
    public let commandLineLimit: Int
    /// `xloadflags`.
    public let loadFlags: UInt16
    /// How the payload is compressed ("lz4", "zstd", ...); nil when it is nothing Linux uses, as
    /// with memory testers that speak the boot protocol.
    public let payloadCompression: String?

    /// What is suspicious about the file without being a reason to refuse it.
    public var warnings: [KernelWarning] {
        payloadCompression == nil ? [.notLikelyLinux] : []
    }
}

extension KernelImage {
    /// Reads and checks the file at `path`.
    public static func read(_ path: FilePath) throws(KernelsError) -> KernelImage {
        let front = try readFront(of: path, upTo: frontByteCount)
        return try parse(front.bytes, byteCount: front.fileByteCount, path: path)
    }

    /// Setup code, at most 128 KiB, and what begins the payload: all that is looked at. The rest is
    /// some megabytes of compressed kernel.
    private static let frontByteCount = 1 << 20

    /// Checks what was read from `path`.
    public static func parse(_ bytes: [UInt8], path: FilePath) throws(KernelsError) -> KernelImage {
        try parse(bytes, byteCount: bytes.count, path: path)
    }

    private static func parse(
        _ front: [UInt8], byteCount: Int, path: FilePath
    ) throws(KernelsError) -> KernelImage {
        do {
            return try KernelImage(checking: front, byteCount: byteCount, path)
        } catch {
            throw .notAKernel(path: path, reason: error)
        }
    }

    private init(checking bytes: [UInt8], byteCount: Int, _ path: FilePath) throws(NotAKernel) {
        if bytes.isEmpty { throw .empty }
        if let format = otherFormat(of: bytes) { throw .otherFormat(format) }
        if bytes.count < Header.end { throw .tooShort(byteCount: bytes.count) }
        if bytes.number(at: Header.bootFlag, as: UInt16.self) != 0xaa55 { throw .noBootSignature }
        if !bytes.matches("HdrS", at: Header.magic) {
            throw bytes.matches("MZ", at: 0)
                ? .otherFormat("an EFI program, not a bzImage") : .noSetupHeader
        }

        protocolVersion = bytes.number(at: Header.version, as: UInt16.self)
        if protocolVersion < 0x020c { throw .oldProtocol(protocolVersion) }
        if bytes[Header.loadFlags] & 1 == 0 { throw .notLoadedHigh }

        // Zero means four, for kernels older than any we take: boot.rst, setup_sects.
        let setupSectorCount = Int(bytes[Header.setupSectorCount])
        setupByteCount = ((setupSectorCount == 0 ? 4 : setupSectorCount) + 1) * 512
        payloadByteCount = 16 * Int(bytes.number(at: Header.payloadParagraphCount, as: UInt32.self))
        let neededByteCount = setupByteCount + payloadByteCount
        if byteCount < neededByteCount || payloadByteCount == 0 {
            throw .truncated(byteCount: byteCount, neededByteCount: neededByteCount)
        }

        loadFlags = bytes.number(at: Header.extendedLoadFlags, as: UInt16.self)
        if loadFlags & 1 == 0 { throw .not64Bit }
        if bytes.matches("BAKEBOOT", at: setupByteCount + 0x40) { throw .isBakedImage }

        initSize = Int(bytes.number(at: Header.initSize, as: UInt32.self))
        commandLineLimit = Int(bytes.number(at: Header.commandLineSize, as: UInt32.self))
        let versionPointer = Int(bytes.number(at: Header.kernelVersion, as: UInt16.self))
        versionText =
            versionPointer == 0
            ? "" : bytes.text(at: 0x200 + versionPointer, before: setupByteCount)
        version = String(versionText.prefix { $0 != " " })
        let payloadOffset = Int(bytes.number(at: Header.payloadOffset, as: UInt32.self))
        payloadCompression =
            payloadOffset == 0 ? nil : compression(of: bytes, at: setupByteCount + payloadOffset)
        self.path = path
    }
}

/// Offsets in the file, from boot.rst.
private enum Header {
    static let setupSectorCount = 0x1f1
    static let payloadParagraphCount = 0x1f4
    static let bootFlag = 0x1fe
    static let magic = 0x202
    static let version = 0x206
    static let kernelVersion = 0x20e
    static let loadFlags = 0x211
    static let extendedLoadFlags = 0x236
    static let commandLineSize = 0x238
    static let payloadOffset = 0x248
    static let initSize = 0x260
    /// Behind handover_offset, the last field of protocol 2.12.
    static let end = 0x268
}

/// A file that says itself what it is, and that is no bzImage.
private func otherFormat(of bytes: [UInt8]) -> String? {
    let formats: [(magic: [UInt8], name: String)] = [
        ([0x7f, 0x45, 0x4c, 0x46], "an ELF file (a vmlinux or a program), not a bzImage"),
        ([0x1f, 0x8b], "gzip data, not a bzImage"),
        ([0x28, 0xb5, 0x2f, 0xfd], "zstd data, not a bzImage"),
        ([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], "xz data, not a bzImage"),
        ([0x68, 0x73, 0x71, 0x73], "a squashfs, not a bzImage"),
        (Array("070701".utf8), "a cpio archive (an initrd?), not a bzImage"),
        (Array("!<arch>\n".utf8), "an ar archive (a Debian package?), not a bzImage"),
        (Array("#!".utf8), "a script, not a bzImage"),
    ]
    return formats.first { bytes.starts(with: $0.magic) }?.name
}

/// The compressions of the kernel's own build, scripts/Makefile.lib; an ELF is an uncompressed one.
private func compression(of bytes: [UInt8], at offset: Int) -> String? {
    let formats: [(magic: [UInt8], name: String)] = [
        ([0x1f, 0x8b], "gzip"), ([0x42, 0x5a, 0x68], "bzip2"), ([0x5d, 0x00, 0x00], "lzma"),
        ([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], "xz"), ([0x89, 0x4c, 0x5a, 0x4f], "lzo"),
        ([0x02, 0x21, 0x4c, 0x18], "lz4"), ([0x28, 0xb5, 0x2f, 0xfd], "zstd"),
        ([0x7f, 0x45, 0x4c, 0x46], "none"),
    ]
    guard offset < bytes.count else { return nil }
    return formats.first { bytes[offset...].starts(with: $0.magic) }?.name
}
