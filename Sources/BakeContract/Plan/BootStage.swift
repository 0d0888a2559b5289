/// The kinds of steps of a boot plan by name, in the order they have in a plan: what `bake.debug`
/// stops before, and what `bake.timing` lists.
public enum BootStage: Int, CaseIterable, Sendable {
    case basics
    case modules
    case settings
    case digest
    case loop
    case verity
    case blob
    case overlay
    case unpack
    case drivers
    case root
    case hostname
    case sysctl
    case loopback
    case disk
    case mount
    case file
    case configuration
    case network
    case seal
    case limits
    case programs
    case finish

    /// As it is written and shown.
    public var name: StaticString {
        switch self {
        case .basics: "basics"
        case .modules: "modules"
        case .settings: "settings"
        case .digest: "digest"
        case .loop: "loop"
        case .verity: "verity"
        case .blob: "blob"
        case .overlay: "overlay"
        case .unpack: "unpack"
        case .drivers: "drivers"
        case .root: "root"
        case .hostname: "hostname"
        case .sysctl: "sysctl"
        case .loopback: "loopback"
        case .disk: "disk"
        case .mount: "mount"
        case .file: "file"
        case .configuration: "configuration"
        case .network: "network"
        case .seal: "seal"
        case .limits: "limits"
        case .programs: "programs"
        case .finish: "finish"
        }
    }

    /// Whether the image's programs, a shell among them, can be started before it.
    public var hasRoot: Bool { rawValue > BootStage.root.rawValue }
}

extension BootStep {
    /// nil for what was only put between the steps to look at them.
    public var stage: BootStage? {
        switch self {
        case .mountBasics: .basics
        case .loadModules: .modules
        case .readSettings: .settings
        case .checkDigest: .digest
        case .attachLoop: .loop
        case .setUpVerity: .verity
        case .mountBlob: .blob
        case .overlay: .overlay
        case .unpackBlob: .unpack
        case .loadDrivers: .drivers
        case .switchRoot: .root
        case .setHostname: .hostname
        case .setKernelSetting: .sysctl
        case .bringUpLoopback: .loopback
        case .mountDisk: .disk
        case .mount: .mount
        case .writeFile: .file
        case .publishConfiguration: .configuration
        case .configureNetwork: .network
        case .sealRoot: .seal
        case .setLimit: .limits
        case .runPrograms, .becomeInit: .programs
        case .finish: .finish
        case .debugShell, .reportTiming: nil
        }
    }
}
