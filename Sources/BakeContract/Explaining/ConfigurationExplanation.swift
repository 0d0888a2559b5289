/// Every setting with the source that decided it and what that hid: what `bake config explain`
/// prints, and PID 1 with `bake.explain` on its command line.
public struct ConfigurationExplanation: Sendable {
    public var origins: [KeyOrigin]
    /// Notes and warnings, as lines for people.
    public var remarks: [String]

    /// - Parameter sources: lowest first, as `EffectiveConfiguration.sources` has them.
    public init(
        of effective: EffectiveConfiguration, from sources: [SourceSettings]
    ) throws(ConfigurationError) {
        origins = try EffectiveConfiguration.origins(of: sources)
        remarks = effective.notes.map { $0.note } + effective.warnings.map { $0.warning }
    }

    ///     env.PORT = "8080"
    ///       kernel command line:1:15
    ///       hides "80" of rumpconfig.json:3:20 (baked configuration)
    public var text: Bytes {
        var text: Bytes = []
        for origin in origins {
            text += Bytes(origin.path.description)
            if let value = origin.value {
                text += Bytes(" = ") + Bytes(value.sorted.compactText.printable)
            } else {
                text += Bytes(" is taken away")
            }
            text += Bytes("\n  \(Self.text(of: origin.place, origin.source))\n")
            for hidden in origin.hidden.reversed() {
                text += Bytes("  hides ") + Bytes(hidden.value.sorted.compactText.printable)
                text += Bytes(" of \(Self.text(of: hidden.place, hidden.source))\n")
            }
        }
        for remark in remarks { text += Bytes(remark + "\n") }
        return text
    }

    /// `{"settings": [{"key", "path", "value", "source", "file", "line", "column", "hides"}],
    /// "remarks": [...]}`: docs/json.md.
    public var json: JSONValue {
        .object([
            JSONMember(Bytes("remarks"), .array(remarks.map { .text($0) })),
            JSONMember(Bytes("settings"), .array(origins.map { $0.json })),
        ])
    }

    private static func text(of place: ConfigurationPlace, _ source: SourceKind) -> String {
        let name = source.name.description
        if place.file.starts(with: source.name) { return place.description }
        return "\(place.description) (\(name))"
    }
}

extension KeyOrigin {
    fileprivate var json: JSONValue {
        var members = [
            JSONMember(Bytes("key"), .text(path.description)),
            JSONMember(Bytes("path"), .array(path.components.map { $0.json })),
            JSONMember(Bytes("value"), value ?? .null),
            JSONMember(Bytes("isTakenAway"), .bool(value == nil)),
        ]
        members += Self.members(of: place, source)
        var hides: [JSONValue] = []
        for hidden in hidden.reversed() {
            hides.append(
                .object(
                    [JSONMember(Bytes("value"), hidden.value)]
                        + Self.members(of: hidden.place, hidden.source)))
        }
        members.append(JSONMember(Bytes("hides"), .array(hides)))
        return .object(members)
    }

    private static func members(
        of place: ConfigurationPlace, _ source: SourceKind
    ) -> [JSONMember] {
        [
            JSONMember(Bytes("source"), .text(source.identifier.description)),
            JSONMember(Bytes("file"), .bytes(place.file)),
            JSONMember(Bytes("line"), place.position.map { .integer(Int64($0.line)) } ?? .null),
            JSONMember(
                Bytes("column"), place.position.map { .integer(Int64($0.column)) } ?? .null),
        ]
    }
}

extension ConfigurationPath.Component {
    fileprivate var json: JSONValue {
        switch self {
        case .key(let key): .bytes(key)
        case .index(let index): .integer(Int64(index))
        }
    }
}
