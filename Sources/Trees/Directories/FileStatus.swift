internal import CFileStatus
internal import Glibc
internal import SystemPackage

/// What the kernel knows of a file: statx(2), the part a scan needs.
struct FileStatus {
    /// Type and permissions, as stat(2) has them.
    let mode: mode_t
    let linkCount: UInt32
    let uid: UInt32
    let gid: UInt32
    let byteCount: UInt64
    let identity: HostIdentity
    let mtimeSeconds: Int64
    let mtimeNanoseconds: Int32
    let ctimeSeconds: Int64
    let ctimeNanoseconds: Int32
    /// When it was made; nil where the file system does not tell.
    let born: DirectorySnapshot.Moment?
    /// What a device file stands for.
    let device: Node.Device
    /// Whether something is mounted here; nil when the kernel does not say (before Linux 5.8).
    let isMountRoot: Bool?

    var type: mode_t { mode & S_IFMT }
    var isDirectory: Bool { type == S_IFDIR }

    /// Of a name in an open directory; links are not followed. With an empty name, of the
    /// directory itself.
    static func read(
        _ directory: FileDescriptor, _ name: UnsafePointer<CChar>
    ) throws(Errno) -> FileStatus {
        let flags = AT_SYMLINK_NOFOLLOW | noAutomount | (name.pointee == 0 ? emptyPath : 0)
        var status = CFileStatus.statx()
        guard statx(directory.rawValue, name, flags, basicStatus | birthTime, &status) == 0 else {
            throw Errno(rawValue: errno)
        }
        return FileStatus(status)
    }

    private init(_ status: CFileStatus.statx) {
        mode = mode_t(status.stx_mode)
        linkCount = status.stx_nlink
        uid = status.stx_uid
        gid = status.stx_gid
        byteCount = status.stx_size
        identity = HostIdentity(
            device: Self.number(status.stx_dev_major, status.stx_dev_minor),
            inode: status.stx_ino)
        mtimeSeconds = status.stx_mtime.tv_sec
        mtimeNanoseconds = Int32(status.stx_mtime.tv_nsec)
        ctimeSeconds = status.stx_ctime.tv_sec
        ctimeNanoseconds = Int32(status.stx_ctime.tv_nsec)
        born =
            status.stx_mask & Self.birthTime == 0
            ? nil
            : .init(seconds: status.stx_btime.tv_sec, nanoseconds: status.stx_btime.tv_nsec)
        device = Node.Device(major: status.stx_rdev_major, minor: status.stx_rdev_minor)
        isMountRoot =
            status.stx_attributes_mask & Self.mountRoot == 0
            ? nil : status.stx_attributes & Self.mountRoot != 0
    }

    /// One number as stat(2) has it in st_dev (makedev(3)).
    private static func number(_ major: UInt32, _ minor: UInt32) -> UInt64 {
        let (major, minor) = (UInt64(major), UInt64(minor))
        return minor & 0xff | (major & 0xfff) << 8 | (minor & ~0xff) << 12
            | (major & ~0xfff) << 32
    }

    // linux/fcntl.h and linux/stat.h; macros that do not reach Swift.
    private static let noAutomount: Int32 = 0x800
    private static let emptyPath: Int32 = 0x1000
    private static let basicStatus: UInt32 = 0x7ff
    private static let birthTime: UInt32 = 0x800
    private static let mountRoot: UInt64 = 0x2000
}
