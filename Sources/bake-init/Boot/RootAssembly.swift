import BakeContract

// The blob becomes the root: below a layer in memory, or unpacked into memory.

/// Directories of the root that something is mounted on.
private let mountPoints = ["proc", "sys", "dev", "run", "tmp"]

/// How much of the memory programs may fill by writing to the root: `size` of tmpfs(5).
private let writableShare = "50%".bytes
/// The same for a root that is in memory as a whole.
private let unpackedShare = "80%".bytes

/// Lays a layer in memory over the mounted blob, at `BootPaths.root`.
func overlayRoot<System: GuestSystem>(on system: System) throws(GuestFailure) {
    try mountMemory(at: BootPaths.writable, size: writableShare, on: system)
    let upper = BootPaths.writable + "/upper".bytes
    let work = BootPaths.writable + "/work".bytes
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

/// The file system a tar blob is unpacked into, at `BootPaths.root`.
func mountRootInMemory<System: GuestSystem>(on system: System) throws(GuestFailure) {
    try mountMemory(at: BootPaths.root, size: unpackedShare, on: system)
}

private func mountMemory<System: GuestSystem>(
    at target: Bytes, size: Bytes, on system: System
) throws(GuestFailure) {
    makeDirectoryIfMissing(target, mode: 0o755, on: system)
    let mount = Mount(
        source: "bake".bytes, target: target, type: "tmpfs".bytes,
        options: "mode=0755,size=".bytes + size)
    do {
        try system.mount(mount)
    } catch {
        throw .cannotMountRoot(type: mount.type, at: mount.target, error)
    }
}

/// Takes the kernel's file systems along, enters the root, and mounts there what programs expect
/// besides.
func enterRoot<System: GuestSystem>(on system: System) throws(GuestFailure) {
    for name in mountPoints {
        makeDirectoryIfMissing(
            BootPaths.root + "/".bytes + name.bytes,
            mode: name.bytes == "tmp".bytes ? 0o1777 : 0o755, on: system)
    }
    for source in ["/proc".bytes, "/sys".bytes, "/dev".bytes, "/run".bytes] {
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
            source: "tmpfs".bytes, target: "/dev/shm".bytes, type: "tmpfs".bytes,
            flags: [.noSetUID, .noDevices], options: "mode=1777".bytes),
        Mount(
            source: "tmpfs".bytes, target: "/tmp".bytes, type: "tmpfs".bytes,
            flags: [.noSetUID, .noDevices], options: "mode=1777".bytes),
        Mount(
            source: "cgroup2".bytes, target: "/sys/fs/cgroup".bytes, type: "cgroup2".bytes,
            flags: [.noSetUID, .noDevices, .noExecution]),
    ]
    for mount in mounts {
        makeDirectoryIfMissing(mount.target, mode: 0o755, on: system)
        do { try system.mount(mount) } catch {}
    }
}

/// `root: ro`: nothing can be written any more.
func sealRoot<System: GuestSystem>(on system: System) throws(GuestFailure) {
    do {
        try system.mount(
            Mount(source: [], target: "/".bytes, type: [], flags: [.remount, .readOnly]))
    } catch {
        throw .cannotSealRoot(error)
    }
}
