extension KernelBundle {
    /// The modules an image takes along: what `fitness` wants at every start, and the drivers of
    /// file systems it may mount. Empty for a kernel that has everything built in.
    ///
    /// A file system that is asked for and that this kernel cannot mount is an error; of what is
    /// taken along unasked, the image brings what there is.
    public func modules(
        for fitness: KernelFitness, _ demands: DriverDemands = DriverDemands()
    ) throws(KernelsError) -> ModuleSelection {
        let inspection = try FeatureInspection(self)
        var demands = demands
        let atStart = fitness.wantedModules + demands.takeModules(among: inspection)
        try check(demands.requests, inspection)
        guard let directory = inspection.modules else { return ModuleSelection() }
        for name in demands.modules where directory.place(of: name) == nil {
            throw .unknownModule(name: name, neededBy: "--modules", directory: directory.path)
        }
        var selection = ModuleSelection(atStart: try directory.closure(of: atStart))
        let loaded = Set(selection.atStart.map(\.name))
        for name in demands.fileSystems {
            let wanted = inspection.modules(of: name)
            let modules = try directory.closure(of: wanted).filter { !loaded.contains($0.name) }
            if modules.isEmpty { continue }
            selection.onDemand.append(.init(fileSystem: name, modules: modules))
        }
        return selection
    }

    private func check(
        _ requests: [DriverDemands.Request], _ inspection: FeatureInspection
    ) throws(KernelsError) {
        for request in requests {
            for feature in FileSystemDriver.named(request.fileSystem)?.features ?? [] {
                guard case .missing(let module) = inspection.state(of: feature) else { continue }
                throw .missingDriver(
                    request, kernel: version,
                    MissingFeature(
                        option: feature.option, missingModule: module, purpose: feature.purpose))
            }
        }
    }
}

extension DriverDemands {
    /// Takes what are file systems out of `modules`, for they are loaded on demand, and returns the
    /// rest.
    fileprivate mutating func takeModules(among inspection: FeatureInspection) -> [String] {
        for name in modules where FileSystemDriver.named(name) != nil {
            requests.append(Request(fileSystem: name, asker: "--modules"))
        }
        modules.removeAll { FileSystemDriver.named($0) != nil }
        return modules
    }

    /// Sorted, each once.
    fileprivate var fileSystems: [String] {
        var names = Self.always + requests.map(\.fileSystem)
        if hasUnknownDisks { names += Self.usual }
        return Set(names).sorted()
    }
}

extension FeatureInspection {
    /// The modules to load before a file system is mounted; empty when its driver is part of the
    /// kernel, or there is none.
    fileprivate func modules(of fileSystem: String) -> [String] {
        guard let driver = FileSystemDriver.named(fileSystem) else {
            // Of others the module is called as the file system is; what has none (tmpfs) is in
            // the kernel.
            return modules?.place(of: fileSystem) == nil ? [] : [fileSystem]
        }
        var names: [String] = []
        for feature in driver.features {
            if case .module(let name) = state(of: feature) { names.append(name) }
        }
        // Only a driver that is there has use for what it asks modprobe for, which no guest has.
        return names.isEmpty || fileSystem != "vfat" ? names : characterSets + names
    }

    /// What FAT translates names with, unless its mount options say otherwise (`codepage` and
    /// `iocharset` of Documentation/filesystems/vfat.rst).
    private var characterSets: [String] {
        var names: [String] = []
        if case .other(let number)? = configuration?["CONFIG_FAT_DEFAULT_CODEPAGE"] {
            names.append("nls_cp" + number)
        }
        if case .other(let quoted)? = configuration?["CONFIG_FAT_DEFAULT_IOCHARSET"] {
            names.append("nls_" + quoted.filter { $0 != "\"" })
        }
        return names.filter { modules?.place(of: $0) != nil }
    }
}
