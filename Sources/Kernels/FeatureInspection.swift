/// Answers whether a kernel has a feature, from its configuration and its modules.
struct FeatureInspection {
    let configuration: KernelConfiguration?
    let modules: ModuleDirectory?

    enum State: Equatable {
        case builtin
        case module(String)
        case missing(module: String?)
        case unknown
    }

    init(_ bundle: KernelBundle) throws(KernelsError) {
        if let path = bundle.configurationPath {
            configuration = try KernelConfiguration.read(path)
        } else {
            configuration = nil
        }
        modules = if let path = bundle.modulesPath { try ModuleDirectory(path) } else { nil }
    }

    /// Whether modules or a configuration can tell that a driver is there.
    var knowsModules: Bool { configuration != nil || modules != nil }

    func state(of feature: GuestFeature) -> State {
        guard let configuration else { return stateFromModules(of: feature) }
        switch configuration[feature.option] {
        case .builtin: return .builtin
        case .notSet, .other: return .missing(module: nil)
        case .module:
            guard let name = feature.module else { return .missing(module: nil) }
            switch modules?.place(of: name) {
            case .file: return .module(name)
            case .builtin: return .builtin
            case nil: return .missing(module: name)
            }
        }
    }

    private func stateFromModules(of feature: GuestFeature) -> State {
        guard let modules, let name = feature.module else { return .unknown }
        switch modules.place(of: name) {
        case .file: return .module(name)
        case .builtin: return .builtin
        case nil: return .missing(module: name)
        }
    }
}
