/// The merge under way.
struct ConfigurationMerge {
    var value = JSONValue.object([])
    /// Who decided what; nil where nobody asks.
    var origins: [KeyOrigin]?
    /// `sources`, as far as the maker of the image has said it.
    private(set) var selection = SourceSelection()

    mutating func add(_ source: SourceSettings) throws(ConfigurationError) {
        do throws(ConfigurationFault) {
            if source.isReplacing { try replaceAll(by: source) }
            for override in source.overrides { try apply(override.patch, from: source) }
            if source.kind.override == nil { try readSources() }
        } catch {
            throw source.error(error)
        }
    }

    /// `bake.config=replace` leaves nothing of what lies below but what no override may say.
    private mutating func replaceAll(by source: SourceSettings) throws(ConfigurationFault) {
        try checkListenedTo(source.kind)
        value = .object(
            (value.members ?? []).filter { member in
                Self.keysOfTheMaker.contains { member.key.equals($0) }
            })
        noteOrigins(patch: nil, from: source)
    }

    private static let keysOfTheMaker: [StaticString] = ["verify", "sources"]

    private mutating func apply(
        _ patch: JSONValue, from source: SourceSettings
    ) throws(ConfigurationFault) {
        let kind = source.kind
        guard patch.members != nil else {
            throw ConfigurationFault(path: ConfigurationPath(), problem: .notAnObject)
        }
        try checkListenedTo(kind)
        if kind.override != nil {
            for key in Self.keysOfTheMaker {
                let name = Bytes(key.description)
                guard patch[name] != nil else { continue }
                throw ConfigurationFault(
                    path: ConfigurationPath([.key(name)]), isAboutKey: true,
                    problem: .notForOverrides(name))
            }
        }
        try Configuration.checkSingleWorkload(patch)
        makeRoomForWorkload(of: patch)
        let patch = try Configuration.withEnvironmentAsObject(patch)
        value = value.merged(with: patch)
        noteOrigins(patch: patch, from: source)
    }

    private func checkListenedTo(_ kind: SourceKind) throws(ConfigurationFault) {
        if let override = kind.override, !selection.listens(to: override) {
            throw ConfigurationFault(path: ConfigurationPath(), problem: .sourceNotListenedTo)
        }
    }

    /// Who says what to run replaces whatever was to run before, with the arguments meant for that.
    private mutating func makeRoomForWorkload(of patch: JSONValue) {
        let setsWorkload = Configuration.workloadKeys.contains { key in
            let value = patch[Bytes(key.description)]
            return value != nil && value != .null
        }
        guard setsWorkload, case .object(var members) = value else { return }
        members.removeAll { member in
            member.key.equals("arguments")
                || Configuration.workloadKeys.contains { member.key.equals($0) }
        }
        value = .object(members)
    }

    private mutating func readSources() throws(ConfigurationFault) {
        guard let sources = value[Bytes("sources")] else {
            selection = SourceSelection()
            return
        }
        // What is unknown in it is told where all of the configuration is read.
        var unknown: [ConfigurationFault] = []
        selection = try Configuration.decodeSources(
            JSONNode(
                value: sources, path: ConfigurationPath([.key(Bytes("sources"))])), &unknown)
    }
}
