public import BakeContract

/// The header of one member of a newc archive, the format of the kernel's initramfs
/// (Documentation/driver-api/early-userspace/buffer-format.rst). Owner is 0:0, time is 0.
public struct NewcHeader: Equatable, Sendable {
    /// The path without a leading slash.
    public var name: Bytes
    /// Type and permission bits as in st_mode.
    public var mode: UInt32
    public var contentByteCount: Int
    public var deviceMajor: UInt32
    public var deviceMinor: UInt32

    public init(
        name: Bytes, mode: UInt32, contentByteCount: Int = 0, deviceMajor: UInt32 = 0,
        deviceMinor: UInt32 = 0
    ) {
        self.name = name
        self.mode = mode
        self.contentByteCount = contentByteCount
        self.deviceMajor = deviceMajor
        self.deviceMinor = deviceMinor
    }

    static let fixedByteCount = 110
    static let magic = Array("070701".utf8)

    /// The member that ends an archive.
    public static let trailer = NewcHeader(name: Array("TRAILER!!!".utf8), mode: 0)

    public static func file(
        _ name: String, permissions: UInt32 = 0o644, contentByteCount: Int
    ) -> NewcHeader {
        NewcHeader(
            name: Array(name.utf8), mode: 0o100000 | permissions,
            contentByteCount: contentByteCount)
    }

    public static func directory(_ name: String, permissions: UInt32 = 0o755) -> NewcHeader {
        NewcHeader(name: Array(name.utf8), mode: 0o040000 | permissions)
    }

    public static func characterDevice(
        _ name: String, permissions: UInt32, major: UInt32, minor: UInt32
    ) -> NewcHeader {
        NewcHeader(
            name: Array(name.utf8), mode: 0o020000 | permissions, deviceMajor: major,
            deviceMinor: minor)
    }

    var isDirectory: Bool { mode & 0o170000 == 0o040000 }

    /// The header, the name and zeros up to a multiple of four. `inode` tells members apart for
    /// readers that look for hard links; we write none.
    public func encoded(inode: UInt32) throws(ImageError) -> Bytes {
        guard let size = UInt32(exactly: contentByteCount),
            let nameByteCount = UInt32(exactly: name.count + 1), nameByteCount <= 4096
        else { throw .memberTooLarge(name: name) }
        let linkCount: UInt32 = isDirectory ? 2 : 1
        var bytes = Self.magic
        for field in [
            inode, mode, 0, 0, linkCount, 0, size, 0, 0, deviceMajor, deviceMinor,
            nameByteCount, 0,
        ] {
            bytes.append(contentsOf: Self.hexDigits(field))
        }
        bytes.append(contentsOf: name)
        bytes.append(0)
        bytes.pad(toMultipleOf: 4)
        return bytes
    }

    /// As many zeros as it takes for the header to end at a multiple of `alignment`, then the
    /// header: what follows is aligned. The kernel skips zeros between archives.
    public func encodedEnding(atMultipleOf alignment: Int) throws(ImageError) -> Bytes {
        let header = try encoded(inode: 1)
        let padding = header.count.roundedUp(toMultipleOf: alignment) - header.count
        return Bytes(repeating: 0, count: padding) + header
    }

    private static func hexDigits(_ number: UInt32) -> Bytes {
        let digits = Array("0123456789ABCDEF".utf8)
        return (0..<8).reversed().map { digits[Int(number >> (4 * UInt32($0))) & 15] }
    }
}

/// Puts a newc archive together in memory, member by member.
public struct NewcArchive: Sendable {
    private var bytes: Bytes = []
    private var memberCount: UInt32 = 0

    /// - Parameter expectedByteCount: about how long it becomes; growing takes as much memory again.
    public init(expectedByteCount: Int = 0) {
        bytes.reserveCapacity(expectedByteCount)
    }

    /// A parent comes before what stands in it: the kernel makes no missing directories.
    public mutating func append(
        _ header: NewcHeader, content: Bytes = []
    ) throws(ImageError) {
        precondition(header.contentByteCount == content.count)
        memberCount += 1
        bytes.append(contentsOf: try header.encoded(inode: memberCount))
        bytes.append(contentsOf: content)
        bytes.pad(toMultipleOf: 4)
    }

    public mutating func appendFile(
        _ name: String, permissions: UInt32 = 0o644, content: Bytes
    ) throws(ImageError) {
        try append(
            .file(name, permissions: permissions, contentByteCount: content.count),
            content: content)
    }

    /// The whole archive with its trailer; the length is a multiple of four.
    public consuming func finish() throws(ImageError) -> Bytes {
        bytes.append(contentsOf: try NewcHeader.trailer.encoded(inode: 0))
        return bytes
    }
}
