import BakeContract

/// How long the kernel may take to offer the blob as /dev/pmem0: the device appears some
/// milliseconds after its driver was loaded.
private let pmemPatienceMilliseconds: UInt64 = 10_000

/// Where the blob is: persistent memory that is long enough, else a file of the initramfs.
func findBlob<System: GuestSystem>(
    _ manifest: GuestManifest, on system: System
) -> BlobLocation {
    let start = system.uptime()
    while true {
        if let place = pmemDevice(holding: manifest.blobByteCount, on: system) { return place }
        if system.kind(of: BootPaths.blob) != nil {
            // A file that cannot even be asked for its length is as good as one that is cut off.
            let byteCount = (try? system.byteCount(of: BootPaths.blob)) ?? 0  // as said above
            return .file(path: BootPaths.blob, byteCount: byteCount)
        }
        guard isPmemExpected(on: system), system.uptime() < start + pmemPatienceMilliseconds else {
            return .missing
        }
        system.sleep(milliseconds: 2)
    }
}

/// A range of e820 type 12, which the boot stub leaves, shows up here whatever driver takes it.
private func isPmemExpected<System: GuestSystem>(on system: System) -> Bool {
    let name = "Persistent Memory (legacy)".bytes
    // A kernel without /proc/iomem cannot say: then it is not waited for.
    guard let map = try? system.read("/proc/iomem".bytes, limit: 1 << 20)  // as said above
    else { return false }
    return map.lines.contains { $0.suffix(name.count).elementsEqual(name) }
}

private func pmemDevice<System: GuestSystem>(
    holding byteCount: UInt64, on system: System
) -> BlobLocation? {
    for number in 0..<8 {
        let device = "/dev/pmem\(number)".bytes
        guard system.kind(of: device) != nil else { continue }
        // A device that cannot be asked is not it.
        let available = (try? system.deviceByteCount(of: device)) ?? 0  // as said above
        if available >= byteCount {
            return .persistentMemory(path: device, byteCount: available)
        }
    }
    return nil
}
