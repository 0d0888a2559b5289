/// Where one effective value comes from.
public struct KeyOrigin: Equatable, Sendable {
    /// What an earlier source said and nobody hears.
    public struct Hidden: Equatable, Sendable {
        public var value: JSONValue
        public var source: SourceKind
        public var place: ConfigurationPlace
    }

    /// Keys only: lists are values as a whole.
    public var path: ConfigurationPath
    /// nil: taken away by `source`.
    public var value: JSONValue?
    public var source: SourceKind
    /// Where that source says so.
    public var place: ConfigurationPlace
    /// Lowest first.
    public var hidden: [Hidden] = []
}

extension EffectiveConfiguration {
    /// Every key that any source speaks of, sorted by path, with the source that decided it and
    /// what that source hid. Throws what the merge itself refuses; shapes are not looked at.
    public static func origins(
        of sources: [SourceSettings]
    ) throws(ConfigurationError) -> [KeyOrigin] {
        var merge = ConfigurationMerge()
        merge.origins = []
        for source in inOrder(sources) { try merge.add(source) }
        return (merge.origins ?? []).sorted {
            isOrdered(Bytes($0.path.description), before: Bytes($1.path.description))
        }
    }
}

extension ConfigurationMerge {
    /// Notes what one patch, or `bake.config=replace`, made of the value.
    mutating func noteOrigins(patch: JSONValue?, from source: SourceSettings) {
        guard var origins else { return }
        let leaves = value.leaves
        for index in origins.indices where origins[index].value != nil {
            let path = origins[index].path
            if !leaves.contains(where: { $0.path == path }) {
                origins[index].decide(nil, source)
            }
        }
        for leaf in leaves {
            if let index = origins.firstIndex(where: { $0.path == leaf.path }) {
                let isSaidAgain = patch?.holds(leaf.path) ?? false
                if origins[index].value != leaf.value || isSaidAgain {
                    origins[index].decide(leaf.value, source)
                }
            } else {
                origins.append(
                    KeyOrigin(
                        path: leaf.path, value: leaf.value, source: source.kind,
                        place: source.place(of: leaf.path)))
            }
        }
        self.origins = origins
    }
}

extension KeyOrigin {
    fileprivate mutating func decide(_ newValue: JSONValue?, _ newSource: SourceSettings) {
        if let value { hidden.append(Hidden(value: value, source: source, place: place)) }
        value = newValue
        source = newSource.kind
        place = newSource.place(of: path)
    }
}

extension JSONValue {
    /// Every value that is no object, and every empty object, with its path.
    fileprivate var leaves: [(path: ConfigurationPath, value: JSONValue)] {
        guard case .object(let members) = self else { return [(ConfigurationPath(), self)] }
        var leaves: [(path: ConfigurationPath, value: JSONValue)] = []
        for member in members {
            if case .object(let inner) = member.value, inner.isEmpty {
                leaves.append((ConfigurationPath([.key(member.key)]), member.value))
            }
            for leaf in member.value.leaves {
                let path = ConfigurationPath([.key(member.key)] + leaf.path.components)
                leaves.append((path, leaf.value))
            }
        }
        return leaves
    }
}
