import BakeContract

// The blob becomes the root: below a layer in memory, or unpacked into memory.

/// Directories of the root that something is mounted on, from the initramfs.
private let kernelFileSystems = ["proc", "sys", "dev"]

/// A directory in memory that programs expect, a part of the file system at `BootPaths.memory`.
private struct MemoryDirectory {
    var name: String
    var place: Bytes
    var mode: UInt32
}

/// In the new root, or in /dev, which is taken along.
private let memoryDirectories = [
    MemoryDirectory(name: "run", place: BootPaths.root + "/run".bytes, mode: 0o755),
    MemoryDirectory(name: "tmp", place: BootPaths.root + "/tmp".bytes, mode: 0o1777),
    MemoryDirectory(name: "shm", place: "/dev/shm".bytes, mode: 0o1777),
]

/// What a full file system in memory leaves to programs, on small machines: with less, a program
/// that reads its own file from the blob can wait for ever. On larger machines it is a quarter, and
/// on the smallest three quarters.
private let enoughKibibytes: UInt64 = 16 << 10

/// Lays a layer in memory over the mounted blob, at `BootPaths.root`.
func overlayRoot<System: GuestSystem>(on system: System) throws(GuestFailure) {
    try mountMemory(on: system)
    let upper = BootPaths.memory + "/upper".bytes
    let work = BootPaths.memory + "/work".bytes
    for directory in [BootPaths.root, upper, work] {
        makeDirectoryIfMissing(directory, mode: 0o755, on: system)
    }
    let mount = Mount(
        source: "bake".bytes, target: BootPaths.root, type: "overlay".bytes,
        options: "lowerdir=".bytes + BootPaths.lower + ",upperdir=".bytes + upper
            + ",workdir=".bytes + work)
    do {
        try system.mount(mount)
    } catch {
        throw .cannotMountRoot(type: mount.type, at: mount.target, error)
    }
}

/// The directory in memory a tar blob is unpacked into, at `BootPaths.root`.
func mountRootInMemory<System: GuestSystem>(on system: System) throws(GuestFailure) {
    try mountMemory(on: system)
    let source = BootPaths.memory + "/root".bytes
    for directory in [BootPaths.root, source] {
        makeDirectoryIfMissing(directory, mode: 0o755, on: system)
    }
    do {
        try system.mount(Mount(source: source, target: BootPaths.root, type: [], flags: .bind))
    } catch {
        throw .cannotMountRoot(type: "bind".bytes, at: BootPaths.root, error)
    }
}

/// One file system for all that programs may write to memory: the root, /tmp, /run and /dev/shm
/// together are limited, and what they leave is for the programs themselves. (Each with a limit of
/// its own could be full at once; then nothing is left to read a program's file into, and the
/// kernel retries for ever.)
private func mountMemory<System: GuestSystem>(on system: System) throws(GuestFailure) {
    makeDirectoryIfMissing(BootPaths.memory, mode: 0o755, on: system)
    let mount = Mount(
        source: "bake".bytes, target: BootPaths.memory, type: "tmpfs".bytes,
        options: "mode=0755,size=".bytes + memorySize(on: system))
    do {
        try system.mount(mount)
    } catch {
        throw .cannotMountRoot(type: mount.type, at: mount.target, error)
    }
}

/// `size` of tmpfs(5), from the memory that is available now, with the blob in place where it stays
/// in memory. Half of all, the kernel's default, where it does not say (before Linux 3.14).
private func memorySize<System: GuestSystem>(on system: System) -> Bytes {
    let information: Bytes
    do { information = try system.read("/proc/meminfo".bytes, limit: 1 << 14) } catch {
        return "50%".bytes
    }
    guard let available = availableKibibytes(information) else { return "50%".bytes }
    let left = max(available / 4, enoughKibibytes)
    return "\(max(available / 4, available - min(left, available)))k".bytes
}

/// `MemAvailable` of proc_meminfo(5).
private func availableKibibytes(_ information: Bytes) -> UInt64? {
    let key = "MemAvailable:".bytes
    guard let line = information.lines.first(where: { $0.starts(with: key) }) else { return nil }
    let words = line.dropFirst(key.count).split(separator: UInt8(ascii: " "))
    return words.first.flatMap { Bytes($0).decimal }
}

/// Takes the kernel's file systems along, enters the root, and mounts there what programs expect
/// besides.
func enterRoot<System: GuestSystem>(on system: System) throws(GuestFailure) {
    for name in kernelFileSystems {
        makeDirectoryIfMissing(BootPaths.root + "/".bytes + name.bytes, mode: 0o755, on: system)
    }
    for directory in memoryDirectories { try mount(directory, on: system) }
    for name in kernelFileSystems {
        let source = "/".bytes + name.bytes
        let target = BootPaths.root + source
        do {
            try system.mount(Mount(source: source, target: target, type: [], flags: .move))
        } catch {
            throw .cannotMountRoot(type: source, at: target, error)
        }
    }
    do {
        try system.switchRoot(to: BootPaths.root)
    } catch {
        throw .cannotSwitchRoot(error)
    }
    mountForPrograms(on: system)
}

/// Where the tree has a symbolic link instead, programs get what it leads to.
private func mount<System: GuestSystem>(
    _ directory: MemoryDirectory, on system: System
) throws(GuestFailure) {
    let source = BootPaths.memory + "/".bytes + directory.name.bytes
    makeDirectoryIfMissing(source, mode: directory.mode, on: system)
    makeDirectoryIfMissing(directory.place, mode: directory.mode, on: system)
    guard system.kind(of: directory.place) == .directory else { return }
    let bind = Mount(source: source, target: directory.place, type: [], flags: .bind)
    // The flags of a bind mount are taken when it is mounted again.
    var flagged = bind
    flagged.flags = [.bind, .remount, .noSetUID, .noDevices]
    do {
        try system.mount(bind)
        try system.mount(flagged)
    } catch {
        throw .cannotMountRoot(type: "bind".bytes, at: directory.place, error)
    }
}

/// None of these stops a boot: a program that needs one says so itself, and most need none.
private func mountForPrograms<System: GuestSystem>(on system: System) {
    for (path, target) in [
        ("/dev/fd", "/proc/self/fd"), ("/dev/stdin", "/proc/self/fd/0"),
        ("/dev/stdout", "/proc/self/fd/1"), ("/dev/stderr", "/proc/self/fd/2"),
    ] {
        do { try system.makeSymbolicLink(path.bytes, to: target.bytes) } catch {}
    }
    let mounts = [
        Mount(
            source: "devpts".bytes, target: "/dev/pts".bytes, type: "devpts".bytes,
            flags: [.noSetUID, .noExecution], options: "gid=5,mode=0620,ptmxmode=0666".bytes),
        Mount(
            source: "cgroup2".bytes, target: "/sys/fs/cgroup".bytes, type: "cgroup2".bytes,
            flags: [.noSetUID, .noDevices, .noExecution]),
    ]
    for mount in mounts {
        makeDirectoryIfMissing(mount.target, mode: 0o755, on: system)
        do { try system.mount(mount) } catch {}
    }
}

/// `root: ro`: nothing can be written any more. The mount alone is: a root that was unpacked is in
/// one file system with /tmp.
func sealRoot<System: GuestSystem>(on system: System) throws(GuestFailure) {
    do {
        try system.mount(
            Mount(source: [], target: "/".bytes, type: [], flags: [.remount, .bind, .readOnly]))
    } catch {
        throw .cannotSealRoot(error)
    }
}
