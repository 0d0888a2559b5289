import BakeContract

/// Everything that ends a boot before, beside or instead of the program. The cases carry facts;
/// `step` and `reason` are the console's line, `status` the number the host sees
/// (docs/exit-status.md).
enum GuestFailure: Error {
    case cannotMountBasics(type: Bytes, at: Bytes, Errno)
    case cannotReadManifest(Errno)
    case manifestIsDamaged(ManifestError)
    case settingsAreDamaged
    case roomIsDamaged
    case cannotDigest(Errno)
    case configuration(ConfigurationError)
    case source(OverrideSource, SourceError)
    case plan(BootPlanError)
    case wrongBlobDigest(expected: Bytes, found: Bytes)
    case cannotReadBlob(Errno)
    case cannotAttachLoop(Errno)
    case cannotSetUpVerity(Errno)
    case cannotMountBlob(Errno)
    case damaged(DamagedBlock)
    case cannotUnpack(UnpackError)
    case cannotMountRoot(type: Bytes, at: Bytes, Errno)
    case cannotSwitchRoot(Errno)
    case cannotSealRoot(Errno)
    case cannotSetHostname(Bytes, Errno)
    case cannotSetKernelSetting(KernelSetting, Errno)
    case cannotSetLimit(ResourceLimit, Errno)
    case cannotMount(ConfiguredMount, Errno)
    /// `at` is nil where it was only waited for.
    case cannotUseDisk(path: Bytes, at: Bytes?, StorageError)
    case cannotWrite(path: Bytes, Errno)
    case network(NetworkError)
    case cannotBecomeInit(Bytes, String)
    case system(String, Errno)

    var status: GuestStatus {
        switch self {
        case .cannotMountBasics: .basics
        case .cannotReadManifest, .manifestIsDamaged, .settingsAreDamaged, .roomIsDamaged:
            .settings
        case .configuration(let error): error.status
        case .source: .source
        case .plan(let error): error.status
        case .wrongBlobDigest: .blobDigest
        case .cannotDigest, .cannotReadBlob, .cannotAttachLoop, .cannotSetUpVerity,
            .cannotMountBlob, .cannotUnpack:
            .blobMount
        case .damaged: .corruption
        case .cannotMountRoot, .cannotSwitchRoot, .cannotSealRoot: .root
        case .cannotSetHostname, .cannotSetKernelSetting, .cannotSetLimit, .cannotMount,
            .cannotWrite:
            .preparation
        case .cannotUseDisk(_, _, let error): error.status
        case .network: .network
        case .cannotBecomeInit: .noProgram
        case .system: .guest
        }
    }

    /// What was being done.
    private var step: String {
        switch self {
        case .cannotMountBasics(let type, let path, _), .cannotMountRoot(let type, let path, _):
            "cannot mount \(type.shown) at \(path.shown)"
        case .cannotReadManifest: "cannot read /bake/manifest"
        case .manifestIsDamaged, .settingsAreDamaged: "the image's settings are damaged"
        case .roomIsDamaged: "the image's configuration room is damaged"
        case .cannotDigest: "cannot compute SHA-256"
        case .configuration: "the configuration is refused"
        case .source(let source, _): "cannot have the settings of '\(source.name.description)'"
        case .plan: "cannot start"
        case .wrongBlobDigest: "the blob is damaged"
        case .cannotReadBlob: "cannot read the blob"
        case .cannotAttachLoop: "cannot attach the blob to a loop device"
        case .cannotSetUpVerity: "cannot set up dm-verity"
        case .cannotMountBlob: "cannot mount the blob"
        case .damaged: "the blob is damaged"
        case .cannotUnpack: "cannot unpack the blob"
        case .cannotSwitchRoot: "cannot enter the root"
        case .cannotSealRoot: "cannot make the root read-only"
        case .cannotSetHostname(let name, _): "cannot set the hostname '\(name.shown)'"
        case .cannotSetKernelSetting(let setting, _):
            "cannot set the sysctl '\(setting.path.shown)' to '\(setting.value.shown)'"
        case .cannotSetLimit(let limit, _): "cannot set the limit '\(limit.name.shown)'"
        case .cannotMount(let mount, _):
            "cannot mount \(mount.source.shown) at \(mount.mountPoint.shown)"
        case .cannotUseDisk(let path, let target?, _):
            "cannot mount \(path.shown) at \(target.shown)"
        case .cannotUseDisk(let path, nil, _): "cannot wait for \(path.shown)"
        case .cannotWrite(let path, _): "cannot write \(path.shown)"
        case .network: "cannot configure the network"
        case .cannotBecomeInit(let program, _): "cannot become '\(program.shown)'"
        case .system(let what, _): what
        }
    }

    private var reason: String {
        switch self {
        case .cannotMountBasics(_, _, let errno), .cannotMountRoot(_, _, let errno),
            .cannotReadManifest(let errno), .cannotDigest(let errno), .cannotReadBlob(let errno),
            .cannotAttachLoop(let errno), .cannotSetUpVerity(let errno),
            .cannotMountBlob(let errno), .cannotSwitchRoot(let errno), .cannotSealRoot(let errno),
            .cannotSetHostname(_, let errno), .cannotSetKernelSetting(_, let errno),
            .cannotSetLimit(_, let errno), .cannotMount(_, let errno), .cannotWrite(_, let errno),
            .system(_, let errno):
            errno.text
        case .manifestIsDamaged(let error): error.description
        case .settingsAreDamaged: "their SHA-256 is not the one that was baked"
        case .roomIsDamaged: "neither of its two slots has the digest it says"
        case .cannotUnpack(let error): error.description
        case .cannotBecomeInit(_, let text): text
        case .configuration(let error): error.description
        case .source(_, let error): error.description
        case .plan(let error): error.description
        case .cannotUseDisk(_, _, let error): error.description
        case .network(let error): error.description
        case .wrongBlobDigest(let expected, let found):
            "its SHA-256 is \(found.shown), the manifest says \(expected.shown)"
        case .damaged(let block): block.text
        }
    }

    /// One line, without `bake: error: `.
    var text: String { "\(step): \(reason)" }
}
