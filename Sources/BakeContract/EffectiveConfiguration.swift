/// What all sources say together, decided by the same code on the host and in the guest.
public struct EffectiveConfiguration: Sendable {
    /// The merged settings; programs see their text as /rumpconfig.json.
    public var value: JSONValue
    public var configuration: Configuration
    /// Unknown keys, each with its place.
    public var warnings: [ConfigurationError]

    /// Whether unknown keys are errors (when an image is made) or warnings (at boot: an image must
    /// not stop because a launcher knows a newer key).
    public enum Strictness: Sendable {
        case making
        case booting
    }

    /// Merges sources, lowest first, and reads the result.
    ///
    /// Refused, each with its place: what does not parse, a value of the wrong shape, what this
    /// version cannot carry out, `verify` or `sources` set by the platform, any setting from a source
    /// that `sources` leaves out.
    public init(
        _ sources: [SourceSettings], _ strictness: Strictness
    ) throws(ConfigurationError) {
        let sources = sources.sorted { $0.kind.rawValue < $1.kind.rawValue }
        var merge = ConfigurationMerge()
        for source in sources { try merge.add(source) }
        value = merge.value

        var unknown: [ConfigurationFault] = []
        var fault: ConfigurationFault?
        configuration = Configuration()
        do throws(ConfigurationFault) {
            configuration = try Configuration.decode(value, &unknown)
            fault = configuration.unsupportedKeys.first
        } catch {
            fault = error
        }
        warnings = []
        for fault in unknown { warnings.append(fault.located(in: sources)) }
        // A misspelt key before what is wrong without it.
        if strictness == .making, let first = warnings.first { throw first }
        if let fault { throw fault.located(in: sources) }
    }
}

extension EffectiveConfiguration {
    /// The configuration an image is to be made with: strict. `file` is what messages call it.
    public static func making(
        _ text: Bytes, file: Bytes
    ) throws(ConfigurationError) -> EffectiveConfiguration {
        let source = JSONFileSource(kind: .baked, file: file, text: text)
        return try EffectiveConfiguration([source.settings()], .making)
    }

    /// The configuration of a machine that boots; what is nil was not there.
    public static func booting(
        baked: Bytes?, room: Bytes?, commandLine: Bytes
    ) throws(ConfigurationError) -> EffectiveConfiguration {
        var sources: [SourceSettings] = []
        if let baked { sources.append(try JSONFileSource.baked(baked).settings()) }
        if let room { sources.append(try RoomSource(text: room).settings()) }
        sources.append(try CommandLineSource(text: commandLine).settings())
        return try EffectiveConfiguration(sources, .booting)
    }
}

extension ConfigurationFault {
    /// With the place in the highest source that holds the value, or at least its first key.
    func located(in sources: [SourceSettings]) -> ConfigurationError {
        let source =
            sources.last { $0.holds(path) } ?? sources.last { $0.holds(path.first) }
        if let source { return source.error(self) }
        return ConfigurationError(
            file: Bytes("configuration"), position: nil, problem: problem)
    }
}

/// The merge under way.
struct ConfigurationMerge {
    var value = JSONValue.object([])
    /// `sources`, as far as the maker of the image has said it.
    private var listenedTo: [OverrideSource]?

    mutating func add(_ source: SourceSettings) throws(ConfigurationError) {
        do throws(ConfigurationFault) {
            if source.isReplacing { try replaceAll(by: source) }
            for override in source.overrides { try apply(override.patch, from: source.kind) }
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
    }

    private static let keysOfTheMaker: [StaticString] = ["verify", "sources"]

    private mutating func apply(
        _ patch: JSONValue, from kind: SourceKind
    ) throws(ConfigurationFault) {
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
        value = value.merged(with: try Configuration.withEnvironmentAsObject(patch))
    }

    private func checkListenedTo(_ kind: SourceKind) throws(ConfigurationFault) {
        guard let override = kind.override, let listenedTo else { return }
        if !listenedTo.contains(override) {
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
            listenedTo = nil
            return
        }
        listenedTo = try Configuration.decodeSources(
            ConfigurationNode(
                value: sources, path: ConfigurationPath([.key(Bytes("sources"))])))
    }
}
