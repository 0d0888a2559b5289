/// What all sources say together, decided by the same code on the host and in the guest.
public struct EffectiveConfiguration: Sendable {
    /// The merged settings; programs see their text as /rumpconfig.json.
    public var value: JSONValue
    public var configuration: Configuration
    /// Unknown keys, each with its place.
    public var warnings: [ConfigurationError]
    /// What is worth knowing and nothing more: what was left alone, why a text is the dialect.
    public var notes: [ConfigurationError]

    /// Whether unknown keys are errors (when an image is made) or warnings (at boot: an image must
    /// not stop because a launcher knows a newer key).
    public enum Strictness: Sendable {
        case making
        case booting
    }

    /// Merges sources, lowest first, and reads the result.
    ///
    /// Refused, each with its place: what does not parse, a value of the wrong shape, what this
    /// version cannot carry out, `verify` or `sources` set by the platform, any setting from a
    /// source that `sources` leaves out.
    public init(
        _ sources: [SourceSettings], _ strictness: Strictness
    ) throws(ConfigurationError) {
        let sources = Self.inOrder(sources)
        var merge = ConfigurationMerge()
        notes = []
        for source in sources {
            notes += source.notes
            try merge.add(source)
        }
        value = merge.value

        var unknown: [ConfigurationFault] = []
        var fault: ConfigurationFault?
        configuration = Configuration()
        do throws(ConfigurationFault) {
            configuration = try Configuration.decode(value, &unknown)
        } catch {
            fault = error
        }
        warnings = []
        for fault in unknown { warnings.append(fault.located(in: sources)) }
        // A misspelt key before what is wrong without it.
        if strictness == .making, let first = warnings.first { throw first }
        if let fault { throw fault.located(in: sources) }
    }

    /// Lowest first; sources of one kind stay in their order.
    static func inOrder(_ sources: [SourceSettings]) -> [SourceSettings] {
        var ordered: [SourceSettings] = []
        for kind in SourceKind.allCases { ordered += sources.filter { $0.kind == kind } }
        return ordered
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
        baked: Bytes?, room: Bytes?, platform: PlatformFindings
    ) throws(ConfigurationError) -> EffectiveConfiguration {
        let sources = try sources(baked: baked, room: room, platform: platform)
        return try EffectiveConfiguration(sources, .booting)
    }

    /// The same where nothing but a kernel command line speaks beside the image.
    public static func booting(
        baked: Bytes?, room: Bytes?, commandLine: Bytes
    ) throws(ConfigurationError) -> EffectiveConfiguration {
        try booting(
            baked: baked, room: room, platform: PlatformFindings(commandLine: commandLine))
    }

    /// What an image and its platform say, lowest first.
    public static func sources(
        baked: Bytes?, room: Bytes?, platform: PlatformFindings
    ) throws(ConfigurationError) -> [SourceSettings] {
        try sources(try ownSources(baked: baked, room: room), platform: platform)
    }

    /// The same where the image's own sources are read already.
    public static func sources(
        _ own: [SourceSettings], platform: PlatformFindings
    ) throws(ConfigurationError) -> [SourceSettings] {
        own + (try platform.settings(heardBy: try selection(of: own)))
    }

    /// Which sources an image listens to: asked before any of them is.
    public static func selection(
        baked: Bytes?, room: Bytes?
    ) throws(ConfigurationError) -> SourceSelection {
        try selection(of: try ownSources(baked: baked, room: room))
    }

    private static func ownSources(
        baked: Bytes?, room: Bytes?
    ) throws(ConfigurationError) -> [SourceSettings] {
        var sources: [SourceSettings] = []
        if let baked { sources.append(try JSONFileSource.baked(baked).settings()) }
        if let room { sources.append(try RoomSource(text: room).settings()) }
        return sources
    }

    private static func selection(
        of own: [SourceSettings]
    ) throws(ConfigurationError) -> SourceSelection {
        var merge = ConfigurationMerge()
        for source in own { try merge.add(source) }
        return merge.selection
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
