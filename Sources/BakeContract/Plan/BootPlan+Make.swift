extension BootPlan {
    /// The steps before anything can be decided.
    public static var opening: [BootStep] { [.mountBasics, .loadModules, .readSettings] }

    /// The steps behind `opening`. `published` is the effective configuration as JSON text.
    public static func make(
        _ manifest: GuestManifest, _ facts: BootFacts, _ configuration: Configuration,
        published: Bytes
    ) throws(BootPlanError) -> BootPlan {
        var steps = try rootSteps(manifest, facts, isVerified: configuration.isVerified)
        let drivers = configuration.driverSelection
        if !drivers.isEmpty { steps.append(.loadDrivers(drivers)) }
        steps.append(.switchRoot)
        steps += preparationSteps(configuration, published: published)
        steps += try workloadSteps(configuration)
        return BootPlan(steps: steps)
    }

    /// From a blob to a file system at the new root.
    private static func rootSteps(
        _ manifest: GuestManifest, _ facts: BootFacts, isVerified: Bool
    ) throws(BootPlanError) -> [BootStep] {
        try checkLength(manifest, facts.blob)
        switch (manifest.blobKind, facts.blob) {
        case (_, .missing): throw .blobMissing
        case (.squashfs, .persistentMemory(let path, _)):
            return mountSteps(manifest, .persistentMemory(path: path), isVerified: isVerified)
        case (.squashfs, .file(let path, _)):
            return [.attachLoop(path: path)] + mountSteps(manifest, .loop, isVerified: isVerified)
        case (.tar, .persistentMemory(let path, _)), (.tar, .file(let path, _)):
            let unpack = BootStep.unpackBlob(path: path, byteCount: manifest.blobByteCount)
            guard isVerified, let digest = manifest.blobDigest else { return [unpack] }
            let check = BootStep.checkDigest(
                path: path, byteCount: manifest.blobByteCount, sha256: digest)
            return [check, unpack]
        }
    }

    private static func mountSteps(
        _ manifest: GuestManifest, _ device: BlobDevice, isVerified: Bool
    ) -> [BootStep] {
        guard isVerified, let verity = manifest.verity else {
            return [.mountBlob(from: device), .overlay]
        }
        return [.setUpVerity(over: device, verity), .mountBlob(from: .verity), .overlay]
    }

    /// A file is as long as the blob; a pmem device is rounded up. A kernel that ran out of memory
    /// while it unpacked the initramfs says one line and goes on with a short file.
    private static func checkLength(
        _ manifest: GuestManifest, _ blob: BlobLocation
    ) throws(BootPlanError) {
        switch blob {
        case .missing: throw .blobMissing
        case .persistentMemory(_, let byteCount) where byteCount < manifest.blobByteCount,
            .file(_, let byteCount) where byteCount != manifest.blobByteCount:
            throw .blobLength(expected: manifest.blobByteCount, found: byteCount)
        case .persistentMemory, .file: return
        }
    }

    /// What stands between an empty machine and the first program.
    private static func preparationSteps(
        _ configuration: Configuration, published: Bytes
    ) -> [BootStep] {
        var steps: [BootStep] = []
        if let hostname = configuration.hostname { steps.append(.setHostname(hostname)) }
        for setting in configuration.kernelSettings { steps.append(.setKernelSetting(setting)) }
        steps.append(.bringUpLoopback)
        for disk in configuration.blockDevices { steps.append(.mountDisk(disk)) }
        for mount in configuration.mounts { steps.append(.mount(mount)) }
        if let file = configuration.hostnameFile { steps.append(.writeFile(file)) }
        for file in configuration.files { steps.append(.writeFile(file)) }
        steps.append(.publishConfiguration(published))
        if !configuration.interfaces.isEmpty {
            steps.append(
                .configureNetwork(configuration.interfaces, hostname: configuration.hostname))
        }
        if !configuration.isRootWritable { steps.append(.sealRoot) }
        for limit in configuration.limits { steps.append(.setLimit(limit)) }
        return steps
    }

    private static func workloadSteps(
        _ configuration: Configuration
    ) throws(BootPlanError) -> [BootStep] {
        let environment = configuration.environment
        switch configuration.workload {
        case .nothing: throw .noProgram
        case .programs(let programs):
            return [
                .runPrograms(
                    programs, environment: environment, graceSeconds: configuration.graceSeconds),
                .finish(configuration.onExit),
            ]
        case .initProgram(let program): return [.becomeInit(program, environment: environment)]
        }
    }
}

extension Configuration {
    /// An init sets the host name once more, to what its file says.
    fileprivate var hostnameFile: ConfiguredFile? {
        guard case .initProgram = workload, let hostname else { return nil }
        return ConfiguredFile(
            path: Bytes("/etc/hostname".utf8), contents: hostname + [0x0a], mode: 0o644, user: 0,
            group: 0)
    }
}

/// Why there is no plan.
public enum BootPlanError: Error, Equatable, Sendable {
    case blobMissing
    case blobLength(expected: UInt64, found: UInt64)
    case noProgram

    public var status: GuestStatus {
        switch self {
        case .blobMissing: .blobMissing
        case .blobLength: .blobLength
        case .noProgram: .noProgram
        }
    }
}

extension BootPlanError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .blobMissing:
            """
            the root file system is not there: the loader passed on no initramfs, or the kernel \
            had too little memory to unpack it
            """
        case .blobLength(let expected, let found):
            """
            the root file system is \(found) bytes long instead of \(expected): the image is cut, \
            or this machine has too little memory
            """
        case .noProgram: "the configuration names no program: set 'rc', 'cmdline' or 'init'"
        }
    }
}
