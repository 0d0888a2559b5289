/// Where an override can come from, lowest first.
public enum OverrideSource: Equatable, Sendable, CaseIterable {
    case seed
    case ec2
    case gcp
    case smbios
    case firmwareTable
    case xenstore
    case commandLine
}

extension OverrideSource {
    /// As `sources` lists it.
    public var name: StaticString {
        switch self {
        case .seed: "seed"
        case .ec2: "ec2"
        case .gcp: "gcp"
        case .smbios: "smbios"
        case .firmwareTable: "fw_cfg"
        case .xenstore: "xenstore"
        case .commandLine: "cmdline"
        }
    }

    /// Asked over the network: only where `sources` names it.
    public var isRemote: Bool { self == .ec2 || self == .gcp }
}

/// `sources`: which overrides an image listens to. Its maker says so, never an override.
public struct SourceSelection: Equatable, Sendable {
    /// nil: every source that is not remote.
    public var named: [OverrideSource]?

    public init(named: [OverrideSource]? = nil) {
        self.named = named
    }

    /// Whether a source is asked at all.
    public func listens(to source: OverrideSource) -> Bool {
        named?.contains(source) ?? !source.isRemote
    }
}

extension Configuration {
    static func decodeSources(
        _ node: JSONNode
    ) throws(ConfigurationFault) -> SourceSelection {
        let mustBe: StaticString = "a list of sources"
        guard node.value.array != nil else { throw node.fault(mustBe) }
        var sources: [OverrideSource] = []
        for element in try node.elements(mustBe) {
            let name = try element.string()
            guard let source = OverrideSource.allCases.first(where: { name.equals($0.name) }) else {
                throw element.fault(
                    """
                    one of "seed", "ec2", "gcp", "smbios", "fw_cfg", "xenstore" and "cmdline"
                    """)
            }
            sources.append(source)
        }
        return SourceSelection(named: sources)
    }
}
