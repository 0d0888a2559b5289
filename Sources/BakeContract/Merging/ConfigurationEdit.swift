/// A change to the settings of a finished image, as `bake set` is asked for one.
///
/// What the room of the image holds is one merge patch over the baked configuration. A change is
/// laid over both, and the new patch is what then differs from the baked configuration: so it says
/// nothing twice, and changes that undo each other leave nothing behind.
public struct ConfigurationEdit: Sendable {
    /// Forget what was set before, so that the baked configuration shows again.
    public var isReset: Bool
    /// Merge patches, the later over the earlier.
    public var changes: [JSONFileSource]

    public init(isReset: Bool = false, changes: [JSONFileSource] = []) {
        self.isReset = isReset
        self.changes = changes
    }

    /// What an edit comes to.
    public struct Outcome: Sendable {
        /// For the room: a merge patch over the baked configuration.
        public var patch: JSONValue
        /// Baked configuration and patch together.
        public var effective: EffectiveConfiguration
    }

    /// Refused, each with its place: what does not parse, unknown keys of the changes, and whatever
    /// could not boot afterwards. Unknown keys of the image are left alone: a newer bake made them.
    ///
    /// - Parameters:
    ///   - baked: rumpconfig.json of the image, nil when it has none.
    ///   - room: the patch that counts now.
    public func outcome(baked: Bytes?, room: Bytes) throws(ConfigurationError) -> Outcome {
        var sources: [SourceSettings] = []
        if let baked { sources.append(try JSONFileSource.baked(baked).settings()) }
        let old = try EffectiveConfiguration(sources, .booting)
        if !isReset { sources.append(try RoomSource(text: room).settings()) }
        for change in changes { sources.append(try change.settings()) }
        let new = try EffectiveConfiguration(sources, .booting)
        for warning in new.warnings where changes.contains(where: { $0.file == warning.file }) {
            throw warning
        }
        return Outcome(patch: old.value.patch(to: new.value), effective: new)
    }
}
