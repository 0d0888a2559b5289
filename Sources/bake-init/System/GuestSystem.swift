import BakeContract

/// What PID 1 asks of the kernel while it boots: near to system calls, but in our own values.
/// `LinuxSystem` does it; tests record it. (Pipes, processes and ports are not here: they are
/// tried with real ones.)
protocol GuestSystem {
    // Files. Paths are absolute.
    func read(_ path: Bytes, limit: Int) throws(Errno) -> Bytes
    /// Bytes from the middle of a file or device, fewer at its end.
    func read(_ path: Bytes, at offset: UInt64, byteCount: Int) throws(Errno) -> Bytes
    /// Writes into a file that exists, as /proc and /sys want it: one write, no truncation.
    func write(_ bytes: Bytes, into path: Bytes) throws(Errno)
    /// Makes or replaces a file.
    func create(_ path: Bytes, mode: UInt32, contents: Bytes) throws(Errno)
    /// Names in a directory, sorted, without `.` and `..`.
    func list(_ directory: Bytes) throws(Errno) -> [Bytes]
    /// What the path itself is (a symbolic link is one), nil when there is nothing.
    func kind(of path: Bytes) -> FileKind?
    /// Length of a file in bytes.
    func byteCount(of path: Bytes) throws(Errno) -> UInt64
    func makeDirectory(_ path: Bytes, mode: UInt32) throws(Errno)
    func makeSymbolicLink(_ path: Bytes, to target: Bytes) throws(Errno)
    func remove(_ path: Bytes) throws(Errno)
    func changeOwner(of path: Bytes, user: UInt32, group: UInt32) throws(Errno)

    // Mounts.
    func mount(_ mount: Mount) throws(Errno)
    func unmount(_ path: Bytes) throws(Errno)
    /// Makes the mount at `root` the root of everything and frees what the initramfs held.
    func switchRoot(to root: Bytes) throws(Errno)

    // Devices.
    func loadModule(_ path: Bytes) throws(Errno)
    /// Length of a block device in bytes.
    func deviceByteCount(of path: Bytes) throws(Errno) -> UInt64
    /// A loop device over a file; the file system on it must not have smaller blocks.
    func attachLoop(
        to path: Bytes, isReadOnly: Bool, blockByteCount: UInt32
    ) throws(Errno) -> LoopDevice
    /// Leaves the device to what uses it by now: when nothing does any more, it is free.
    func release(_ device: LoopDevice)
    /// A read-only dm-verity device; returns its path.
    func activateVerity(_ table: VerityTable, name: Bytes) throws(Errno) -> Bytes
    /// SHA-256 by the kernel of the first bytes of a file or device; less than asked for is EIO.
    func sha256(of path: Bytes, byteCount: UInt64) throws(Errno) -> Bytes
    func sha256(of bytes: Bytes) throws(Errno) -> Bytes

    // Done in folders of their own, by many calls.
    /// The archive in the first bytes of a file or device becomes files below a directory.
    func unpack(_ path: Bytes, byteCount: UInt64, into directory: Bytes) throws(GuestFailure)
    func bringUpLoopback() throws(GuestFailure)
    func configure(
        _ interfaces: [NetworkInterface], hostname: Bytes?
    ) throws(GuestFailure) -> NetworkKeeper?
    /// What metadata servers have for this machine, one answer for each question; nil is nothing.
    func askMetadata(
        _ questions: [MetadataQuestion], over interfaces: [NetworkInterface], hostname: Bytes?
    ) throws(GuestFailure) -> [Bytes?]

    // The machine.
    func setHostname(_ name: Bytes) throws(Errno)
    /// Whether a program could be given this limit. PID 1 itself keeps what it has: with too little
    /// memory or too few files it would be the one that fails.
    func checkLimit(_ resource: Int32, soft: UInt64, hard: UInt64) throws(Errno)
    func sleep(milliseconds: UInt64)
    /// Milliseconds since the kernel started.
    func uptime() -> UInt64
    /// A line on the console, without its newline.
    func say(_ line: Bytes)
}

enum FileKind: Equatable {
    case file, directory, symbolicLink, other
}

/// A loop device, and what keeps it attached while nothing has mounted it.
struct LoopDevice: Equatable {
    var path: Bytes
    /// Of the open device.
    var descriptor: Int32
}

/// One call of mount(2).
struct Mount: Equatable {
    var source: Bytes
    var target: Bytes
    var type: Bytes
    var flags: MountFlags = []
    var options: Bytes = []
}

/// The MS_ flags of mount(2) we use.
struct MountFlags: OptionSet {
    let rawValue: UInt

    static let readOnly = MountFlags(rawValue: 1)
    static let noSetUID = MountFlags(rawValue: 2)
    static let noDevices = MountFlags(rawValue: 4)
    static let noExecution = MountFlags(rawValue: 8)
    static let synchronous = MountFlags(rawValue: 16)
    static let remount = MountFlags(rawValue: 32)
    static let synchronousDirectories = MountFlags(rawValue: 128)
    static let noAccessTime = MountFlags(rawValue: 1024)
    static let noDirectoryAccessTime = MountFlags(rawValue: 2048)
    static let bind = MountFlags(rawValue: 4096)
    static let move = MountFlags(rawValue: 8192)
    static let recursive = MountFlags(rawValue: 16384)
    static let relativeAccessTime = MountFlags(rawValue: 1 << 21)
    static let strictAccessTime = MountFlags(rawValue: 1 << 24)
    static let lazyTime = MountFlags(rawValue: 1 << 25)
}
