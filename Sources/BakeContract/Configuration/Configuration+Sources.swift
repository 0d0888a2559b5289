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

/// How a source is asked that answers over the network.
public struct SourceRequest: Equatable, Sendable {
    /// From when the network is up to the last byte of the answer.
    public var timeoutSeconds = 5
    /// Whether the boot ends where it cannot be asked: an override that may be missing unnoticed is
    /// none. Where not, there is a warning.
    public var isRequired = true

    public init() {}
}

/// `sources`: which overrides an image listens to. Its maker says so, never an override.
public struct SourceSelection: Equatable, Sendable {
    struct Entry: Equatable, Sendable {
        var source: OverrideSource
        var request = SourceRequest()
    }

    /// nil: every source that is not remote.
    var entries: [Entry]?

    public init() {}

    /// Whether a source is asked at all.
    public func listens(to source: OverrideSource) -> Bool {
        entries?.contains { $0.source == source } ?? !source.isRemote
    }

    /// How a source is asked over the network; nil for one that is not asked.
    public func request(to source: OverrideSource) -> SourceRequest? {
        guard source.isRemote else { return nil }
        return entries?.last { $0.source == source }?.request
    }
}

extension Configuration {
    static func decodeSources(
        _ node: JSONNode, _ unknown: inout [ConfigurationFault]
    ) throws(ConfigurationFault) -> SourceSelection {
        var selection = SourceSelection()
        var entries: [SourceSelection.Entry] = []
        for element in try node.list("a list of sources") {
            entries.append(try decodeSource(element, &unknown))
        }
        selection.entries = entries
        return selection
    }

    /// A name, or `{"name", "timeout", "required"}`.
    private static func decodeSource(
        _ node: JSONNode, _ unknown: inout [ConfigurationFault]
    ) throws(ConfigurationFault) -> SourceSelection.Entry {
        guard node.value.members != nil else {
            return SourceSelection.Entry(source: try sourceNamed(node))
        }
        try node.checkKeys(["name", "timeout", "required"], "a source", &unknown)
        var entry = SourceSelection.Entry(source: try sourceNamed(try node.required("name")))
        for key: StaticString in ["timeout", "required"] {
            guard let option = node[key], !entry.source.isRemote else { continue }
            throw ConfigurationFault(
                path: option.path,
                problem: .meaningless(option.path, beside: "a source that no network is asked for"))
        }
        if let timeout = node["timeout"] {
            entry.request.timeoutSeconds = Int(
                try timeout.integer(1...300, "a number of seconds from 1 to 300"))
        }
        if let required = node["required"] {
            guard case .bool(let isRequired) = required.value else {
                throw required.fault("true or false")
            }
            entry.request.isRequired = isRequired
        }
        return entry
    }

    private static func sourceNamed(_ node: JSONNode) throws(ConfigurationFault) -> OverrideSource {
        let mustBe: StaticString =
            """
            one of "seed", "ec2", "gcp", "smbios", "fw_cfg", "xenstore" and "cmdline"
            """
        guard let name = node.value.string,
            let source = OverrideSource.allCases.first(where: { name.equals($0.name) })
        else { throw node.fault(mustBe) }
        return source
    }
}
