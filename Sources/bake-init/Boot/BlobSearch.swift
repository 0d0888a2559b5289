import BakeContract

/// How long the kernel may take to offer the blob as /dev/pmem0: the device appears some
/// milliseconds after its driver was loaded.
private let pmemPatienceMilliseconds: UInt64 = 10_000
private let pmemDeviceLimit = 8

/// Where the blob is: a file of the initramfs where the boot stub or a UEFI loader handed it over
/// as one, else persistent memory.
///
/// After a kexec the memory of the image before may still be there as persistent memory, so a
/// device is known by the top of its hash tree, not by its number or length.
func findBlob<System: GuestSystem>(
    _ manifest: GuestManifest, on system: System
) -> BlobLocation {
    if system.kind(of: BootPaths.blob) != nil {
        // A file that cannot even be asked for its length is as good as one that is cut off.
        let byteCount = (try? system.byteCount(of: BootPaths.blob)) ?? 0  // as said above
        return .file(path: BootPaths.blob, byteCount: byteCount)
    }
    let expectedCount = pmemRangeCount(on: system)
    let start = system.uptime()
    while true {
        let devices = pmemDevices(holding: manifest.blobByteCount, on: system)
        for device in devices where isTop(of: manifest, on: device.path, system) {
            return .persistentMemory(path: device.path, byteCount: device.byteCount)
        }
        let isComplete = pmemDevices(holding: 0, on: system).count >= expectedCount
        if isComplete || system.uptime() >= start + pmemPatienceMilliseconds {
            // A damaged top is found out, and named, when the device is used.
            guard let device = devices.first else { return .missing }
            return .persistentMemory(path: device.path, byteCount: device.byteCount)
        }
        system.sleep(milliseconds: 2)
    }
}

/// Ranges of e820 type 12, which the boot stub leaves, show up here whatever driver takes them.
private func pmemRangeCount<System: GuestSystem>(on system: System) -> Int {
    let name = "Persistent Memory (legacy)".bytes
    // A kernel without /proc/iomem cannot say: then no device is waited for.
    guard let map = try? system.read("/proc/iomem".bytes, limit: 1 << 20)  // as said above
    else { return 0 }
    return map.lines.filter { $0.suffix(name.count).elementsEqual(name) }.count
}

private func pmemDevices<System: GuestSystem>(
    holding byteCount: UInt64, on system: System
) -> [(path: Bytes, byteCount: UInt64)] {
    var devices: [(path: Bytes, byteCount: UInt64)] = []
    for number in 0..<pmemDeviceLimit {
        let path = "/dev/pmem\(number)".bytes
        guard system.kind(of: path) != nil else { continue }
        // A device that cannot be asked is not it.
        let available = (try? system.deviceByteCount(of: path)) ?? 0  // as said above
        if available > 0 && available >= byteCount { devices.append((path, available)) }
    }
    return devices
}

/// Whether the first block of the hash tree is the one the root hash is made of; a tar, which has
/// no tree, is known by its whole digest.
private func isTop<System: GuestSystem>(
    of manifest: GuestManifest, on device: Bytes, _ system: System
) -> Bool {
    do throws(Errno) {
        guard let tree = manifest.verity else {
            let digest = try system.sha256(of: device, byteCount: manifest.blobByteCount)
            return digest.hexadecimal == manifest.blobDigest
        }
        let top = try system.read(
            device, at: tree.hashStartBlock &* VerityTable.blockByteCount,
            byteCount: Int(VerityTable.blockByteCount))
        return try system.sha256(of: tree.salt.fromHexadecimal + top).hexadecimal == tree.rootHash
    } catch {
        // What cannot be read is not it.
        return false
    }
}
