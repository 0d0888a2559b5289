import BakeContract

// The first moments: what the kernel offers, mounted where everybody expects it, and the drivers
// the image brought along.

/// Mounts proc, sys and dev in the initramfs. Directories are made where they are missing.
func mountBasics<System: GuestSystem>(on system: System) throws(GuestFailure) {
    let mounts = [
        Mount(
            source: "proc".bytes, target: "/proc".bytes, type: "proc".bytes,
            flags: [.noSetUID, .noDevices, .noExecution]),
        Mount(
            source: "sysfs".bytes, target: "/sys".bytes, type: "sysfs".bytes,
            flags: [.noSetUID, .noDevices, .noExecution]),
        Mount(
            source: "devtmpfs".bytes, target: "/dev".bytes, type: "devtmpfs".bytes,
            flags: [.noSetUID], options: "mode=0755,size=1m".bytes),
    ]
    for mount in mounts {
        makeDirectoryIfMissing(mount.target, mode: 0o755, on: system)
        do {
            try system.mount(mount)
        } catch {
            // A kernel with CONFIG_DEVTMPFS_MOUNT may have mounted /dev by itself.
            if error == .busy { continue }
            throw .cannotMountBasics(type: mount.type, at: mount.target, error)
        }
    }
}

/// What cannot be made shows when something is mounted on it.
func makeDirectoryIfMissing<System: GuestSystem>(
    _ path: Bytes, mode: UInt32, on system: System
) {
    guard system.kind(of: path) == nil else { return }
    do { try system.makeDirectory(path, mode: mode) } catch {}
}

/// The same for everything above it.
func makeDirectoriesIfMissing<System: GuestSystem>(
    _ path: Bytes, mode: UInt32, on system: System
) {
    for index in path.indices.dropFirst() where path[index] == UInt8(ascii: "/") {
        makeDirectoryIfMissing(Bytes(path[..<index]), mode: mode, on: system)
    }
    makeDirectoryIfMissing(path, mode: mode, on: system)
}

/// A module that could not be loaded.
struct ModuleNote: Equatable {
    var name: Bytes
    var errno: Errno
}

/// Whether there is anything for a driver to drive: loading one takes milliseconds, most of them
/// for its signature. Drivers of the bus stand before those of its devices in the list.
private func isUseful<System: GuestSystem>(_ module: Bytes, on system: System) -> Bool {
    switch module {
    case "failover.ko".bytes, "net_failover.ko".bytes, "virtio_net.ko".bytes:
        hasVirtioDevice("0x0001".bytes, on: system)
    case "virtio_blk.ko".bytes: hasVirtioDevice("0x0002".bytes, on: system)
    case "virtio_console.ko".bytes: hasVirtioDevice("0x0003".bytes, on: system)
    case "libnvdimm.ko".bytes, "nd_btt.ko".bytes, "nd_pmem.ko".bytes, "nd_e820.ko".bytes:
        system.kind(of: BootPaths.blob) == nil
    case "button.ko".bytes: hasPowerButton(on: system)
    default: true
    }
}

/// Whether ACPI has a power button of either kind (its specification, "Power Button").
private func hasPowerButton<System: GuestSystem>(on system: System) -> Bool {
    // A machine without ACPI has no such folder.
    let devices = (try? system.list("/sys/bus/acpi/devices/".bytes)) ?? []  // as said above
    return devices.contains {
        $0.starts(with: "LNXPWRBN".bytes) || $0.starts(with: "PNP0C0C".bytes)
    }
}

/// Whether a device of this type is on the virtio bus (Virtio 1.2, section 5, "Device Types").
func hasVirtioDevice<System: GuestSystem>(_ type: Bytes, on system: System) -> Bool {
    let folder = "/sys/bus/virtio/devices/".bytes
    guard let devices = try? system.list(folder) else { return false }  // no virtio at all
    return devices.contains { device in
        let file = folder + device + "/device".bytes
        guard let found = try? system.read(file, limit: 32)  // it is gone
        else { return false }
        return found.trimmed == type
    }
}

/// Loads what is useful of /bake/modules/* in the order of /bake/modules/order. A module that cannot be loaded is
/// returned with the reason: perhaps nothing needs it, and what does need it fails with a line of
/// its own.
func loadModules<System: GuestSystem>(on system: System) -> [ModuleNote] {
    let folder = "/bake/modules/".bytes
    // No list, no modules: then everything is built into the kernel.
    guard let order = try? system.read(folder + "order".bytes, limit: 1 << 20)  // as said above
    else { return [] }
    var notes: [ModuleNote] = []
    for line in order.lines {
        let name = line.trimmed
        if name.isEmpty || !isUseful(name, on: system) { continue }
        do {
            try system.loadModule(folder + name)
        } catch {
            if error != .exists { notes.append(ModuleNote(name: name, errno: error)) }
        }
    }
    return notes
}
