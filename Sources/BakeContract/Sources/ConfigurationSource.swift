/// A place that settings come from. One file each; the order of `SourceKind` decides who wins.
public protocol ConfigurationSource {
    /// Reads what it holds. Errors carry the place in its own text.
    func settings() throws(ConfigurationError) -> SourceSettings
}

/// Every kind of source, lowest first: a later one wins, key by key.
public enum SourceKind: Int, Equatable, Sendable, CaseIterable {
    /// rumpconfig.json as it was when the image was made.
    case baked
    /// What `bake set` changed since.
    case room
    case commandLine
}

extension SourceKind {
    /// For people, behind every value that it sets.
    public var name: StaticString {
        switch self {
        case .baked: "baked configuration"
        case .room: "bake set"
        case .commandLine: "kernel command line"
        }
    }

    /// Whether the platform, not the maker of the image, speaks here.
    var override: OverrideSource? {
        switch self {
        case .baked, .room: nil
        case .commandLine: .commandLine
        }
    }
}

/// What one source says: its text, and the merge patches in it.
public struct SourceSettings: Sendable {
    public var kind: SourceKind
    /// What messages call the text.
    public var file: Bytes
    public var text: Bytes
    /// In order; the last wins.
    public var overrides: [KernelCommandLine.Override]
    /// Nothing below this source counts.
    public var isReplacing = false

    /// A fault as an error at the place in this text that brought the value: the last override that
    /// holds the whole path, else the last that speaks of its first key.
    func error(_ fault: ConfigurationFault) -> ConfigurationError {
        let holder =
            overrides.last { $0.patch.holds(fault.path) }
            ?? overrides.last { $0.patch.holds(fault.path.first) }
        guard let holder else {
            return ConfigurationError(file: file, position: nil, problem: fault.problem)
        }
        var offset = holder.start
        if holder.isDocument {
            let document = JSONText(Bytes(text[holder.start..<holder.end]))
            offset += document.offset(of: fault.path, isKey: fault.isAboutKey) ?? 0
        }
        return ConfigurationError(
            file: file, position: JSONText(text).position(of: offset), problem: fault.problem)
    }

    func holds(_ path: ConfigurationPath) -> Bool {
        overrides.contains { $0.patch.holds(path) }
    }
}
