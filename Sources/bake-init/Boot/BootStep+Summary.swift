import BakeContract

extension BootStep {
    /// What `bake.verbose` says before the step is carried out.
    var summary: String {
        switch self {
        case .mountBasics: "mounting the kernel's file systems"
        case .loadModules: "loading modules"
        case .readSettings: "reading the image's settings"
        case .checkDigest(let path, _, _): "checking the SHA-256 of \(path.shown)"
        case .attachLoop(let path): "attaching \(path.shown) to a loop device"
        case .setUpVerity: "setting up dm-verity"
        case .mountBlob: "mounting the blob"
        case .overlay: "laying a layer in memory over it"
        case .unpackBlob(let path, _): "unpacking \(path.shown)"
        case .switchRoot: "entering the root"
        case .setHostname(let name): "setting the hostname '\(name.shown)'"
        case .setKernelSetting(let setting): "setting the sysctl '\(setting.path.shown)'"
        case .bringUpLoopback: "bringing the loopback up"
        case .mount(let mount): "mounting \(mount.source.shown) at \(mount.mountPoint.shown)"
        case .writeFile(let file): "writing \(file.path.shown)"
        case .publishConfiguration: "writing /rumpconfig.json"
        case .configureInterface(let interface, _):
            "configuring \(interface.name?.shown ?? "the first network interface")"
        case .sealRoot: "making the root read-only"
        case .setLimit(let limit): "setting the limit '\(limit.name.shown)'"
        case .runPrograms(let programs, _):
            "running \(programs.count == 1 ? programs[0].bin.shown : "\(programs.count) programs")"
        case .becomeInit(let program, _): "becoming \(program.bin.shown)"
        case .finish: "ending"
        }
    }
}
