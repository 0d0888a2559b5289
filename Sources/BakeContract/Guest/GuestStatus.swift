/// Why a guest failed before, beside or instead of its program: the number in `failed N TEXT` on
/// the status port and in `bake: error: ... (status N)` on the console. A program's own status
/// (0 to 255) travels as `exit N` and is never one of these. docs/exit-status.md.
public enum GuestStatus: Int32, CaseIterable, Sendable {
    /// PID 1 could not mount /proc, /sys, /dev, /run or /tmp.
    case basics = 10
    /// A module the image brings could not be loaded.
    case modules = 11
    /// The guest manifest or the configuration room is damaged.
    case settings = 12
    /// The kernel command line does not parse, or the boot stub had to cut it.
    case commandLine = 20
    /// The configuration that all sources make together is refused.
    case configuration = 21
    /// The configuration asks for what this guest cannot do.
    case unsupported = 22
    /// The settings of a source that `sources` names, or that is there, cannot be had.
    case source = 23
    /// The blob is nowhere: neither left in memory nor unpacked by the kernel.
    case blobMissing = 30
    /// The blob is not as long as the manifest says: too little memory, or a cut file.
    case blobLength = 31
    /// The blob's bytes are not those that were baked.
    case blobDigest = 32
    /// The blob could not be attached, mounted or unpacked.
    case blobMount = 33
    /// A block read while the program ran is not the one that was baked.
    case corruption = 34
    /// The root could not be made writable or entered.
    case root = 35
    /// A sysctl, limit, mount or file of the configuration could not be applied.
    case preparation = 40
    /// The network could not be configured.
    case network = 41
    /// There is nothing to run.
    case noProgram = 50
    /// PID 1 ran out of memory or processes, or failed in a way no other row names.
    case guest = 60
}
