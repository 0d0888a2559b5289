public import SystemPackage

/// A kernel with what belongs to it.
public struct KernelBundle: Equatable, Sendable {
    /// The bzImage.
    public let kernelPath: FilePath
    /// The release: "6.1.0-56-cloud-amd64".
    public let version: String
    public let configurationPath: FilePath?
    public let modulesPath: FilePath?

    public init(
        kernelPath: FilePath, version: String, configurationPath: FilePath?, modulesPath: FilePath?
    ) {
        self.kernelPath = kernelPath
        self.version = version
        self.configurationPath = configurationPath
        self.modulesPath = modulesPath
    }
}

/// What a kernel can do for an image, after everything required was found.
public struct KernelFitness: Equatable, Sendable {
    /// The modules to take along, to be given to `ModuleDirectory.closure(of:)`.
    public let wantedModules: [String]
    /// The blob can stay where the loader put it, as persistent memory.
    public let leavesBlobInPlace: Bool
    public let warnings: [KernelWarning]
}

extension KernelBundle {
    /// Checks the kernel against what an image needs, before anything is written. Throws
    /// `missingFeatures` with everything that is missing at once.
    ///
    /// An option that is `y` is there; one that is `m` needs its module's file. Without a
    /// configuration the modules and modules.builtin answer as far as they can, and a warning
    /// lists the rest.
    public func fitness(for demands: ImageDemands) throws(KernelsError) -> KernelFitness {
        let inspection = try FeatureInspection(self)
        var missing: [MissingFeature] = []
        var wanted: [String] = []
        var unchecked: [String] = []
        var warnings: [KernelWarning] = []
        var lacking: Set<String> = []
        for feature in GuestFeature.useful(for: demands) {
            switch inspection.state(of: feature) {
            case .builtin: continue
            case .module(let name): if !wanted.contains(name) { wanted.append(name) }
            case .unknown: if feature.necessity == .required { unchecked.append(feature.option) }
            case .missing(let module):
                lacking.insert(feature.option)
                switch feature.necessity {
                case .required:
                    missing.append(
                        MissingFeature(
                            option: feature.option, missingModule: module,
                            purpose: feature.purpose))
                case .optional(let consequence):
                    warnings.append(
                        .missingOptional(option: feature.option, consequence: consequence))
                case .welcome: continue
                }
            }
        }
        let missingModules = missing.compactMap(\.missingModule)
        if modulesPath == nil && !missing.isEmpty && missingModules.count == missing.count {
            throw .noModules(version: version, kernel: kernelPath, needed: missingModules)
        }
        guard missing.isEmpty else { throw .missingFeatures(kernel: version, missing) }
        if !unchecked.isEmpty { warnings.insert(.unchecked(options: unchecked), at: 0) }
        return KernelFitness(
            wantedModules: wanted,
            leavesBlobInPlace: demands.blob != .tar
                && lacking.isDisjoint(with: ["CONFIG_BLK_DEV_PMEM", "CONFIG_X86_PMEM_LEGACY"])
                && inspection.knowsModules,
            warnings: warnings)
    }
}
