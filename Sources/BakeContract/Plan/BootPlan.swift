/// What PID 1 does, in order, decided before it does any of it.
///
/// `opening` comes first always: only behind it can PID 1 see where the blob lies. The rest follows
/// from manifest, facts and configuration alone, so the host can print it
/// (`bake config explain --plan`) and tests can read it.
public struct BootPlan: Equatable, Sendable {
    public var steps: [BootStep]
}

/// One thing PID 1 does. Every payload is final: carrying out a step decides nothing.
public enum BootStep: Equatable, Sendable {
    /// /proc, /sys, /dev, /run, /tmp.
    case mountBasics
    /// `bake/modules/order` of the initramfs.
    case loadModules
    /// Manifest, baked configuration, room, kernel command line; then the blob is looked for.
    case readSettings
    /// SHA-256 over the first bytes of the blob, before anything of it is read.
    case checkDigest(path: Bytes, byteCount: UInt64, sha256: Bytes)
    /// A read-only loop device over the blob's file.
    case attachLoop(path: Bytes)
    /// dm-verity over the device that holds the blob.
    case setUpVerity(over: BlobDevice, VerityParameters)
    /// squashfs, read-only, at the new root.
    case mountBlob(from: BlobDevice)
    /// A layer in memory over the mounted blob.
    case overlay
    /// A file system in memory at the new root, the archive unpacked into it.
    case unpackBlob(path: Bytes, byteCount: UInt64)
    /// Drivers of file systems that are mounted later, while the initramfs still holds them.
    case loadDrivers(FileSystemSelection)
    /// The new root becomes the root, and the initramfs's memory is given back.
    case switchRoot
    case setHostname(Bytes)
    case setKernelSetting(KernelSetting)
    case bringUpLoopback
    /// Waited for, and mounted where it has a mount point.
    case mountDisk(BlockDevice)
    case mount(ConfiguredMount)
    case writeFile(ConfiguredFile)
    /// The effective configuration as /rumpconfig.json, for programs to read.
    case publishConfiguration(Bytes)
    /// All interfaces at once; `hostname` is told to DHCP servers.
    case configureNetwork([NetworkInterface], hostname: Bytes?)
    /// `root: ro`: the root can no longer be written to.
    case sealRoot
    case setLimit(ResourceLimit)
    /// A shell on the console, asked for by `bake.debug`; the boot goes on when it ends.
    case debugShell
    /// What each step took, asked for by `bake.timing`.
    case reportTiming(TimingFormat)
    /// Runs them by their run modes; ends when the last foreground one has ended. Those that are
    /// told to end have the grace time for it.
    case runPrograms([Program], environment: [EnvironmentVariable], graceSeconds: Int)
    /// Becomes that program. Nothing comes behind it.
    case becomeInit(Program, environment: [EnvironmentVariable])
    /// Ends what still runs, syncs, unmounts, reports the status.
    case finish(ExitAction)
}

/// The block device a step works on.
public enum BlobDevice: Equatable, Sendable {
    /// Memory that the boot stub left the blob in.
    case persistentMemory(path: Bytes)
    /// The device of the `attachLoop` step.
    case loop
    /// The device of the `setUpVerity` step.
    case verity
}

/// What PID 1 found after the opening.
public struct BootFacts: Equatable, Sendable {
    public var blob: BlobLocation

    public init(blob: BlobLocation) {
        self.blob = blob
    }
}

public enum BlobLocation: Equatable, Sendable {
    /// Left where the loader put it: a pmem device, its length rounded up to 2 MiB.
    case persistentMemory(path: Bytes, byteCount: UInt64)
    /// Unpacked by the kernel from the initramfs.
    case file(path: Bytes, byteCount: UInt64)
    case missing
}
