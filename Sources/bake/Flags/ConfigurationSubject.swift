internal import BakeContract
internal import Images
internal import SystemPackage

/// What the config commands are asked about: an image, or a configuration of its own.
struct ConfigurationSubject {
    /// As the user wrote it.
    let name: String
    /// nil for a configuration that is in no image.
    let image: BootImage?
    let baked: Bytes?
    let room: Bytes?

    init(_ name: String) throws(CommandFailure) {
        self.name = name
        image = try Self.image(name)
        guard let image else {
            baked = try InputText.bytes(of: name)
            room = nil
            return
        }
        do {
            baked = try image.bakedConfiguration()
            room = try image.configurationPatch()
        } catch {
            throw CommandFailure(error, image: name)
        }
    }

    private static func image(_ name: String) throws(CommandFailure) -> BootImage? {
        do {
            return try BootImage(opening: FilePath(name))
        } catch .notAnImage {
            return nil
        } catch {
            throw CommandFailure(error, image: name)
        }
    }

    /// Everything that speaks, lowest first. Messages about a configuration name the user's file.
    func sources(
        _ platform: PlatformFindings
    ) throws(ConfigurationError) -> [SourceSettings] {
        if image != nil {
            return try EffectiveConfiguration.sources(baked: baked, room: room, platform: platform)
        }
        let file = JSONFileSource(kind: .baked, file: Bytes(name.utf8), text: baked ?? [])
        return try EffectiveConfiguration.sources([try file.settings()], platform: platform)
    }

    /// What the platform says and the image does not listen to.
    func unheard(_ platform: PlatformFindings) -> [String] {
        // What does not parse is told elsewhere.
        let selection = try? EffectiveConfiguration.selection(  // as said above
            baked: baked, room: room)
        return platform.unheard(by: selection ?? SourceSelection()).map {
            "what is given for '\($0.name)' does not count: 'sources' leaves it out"
                + ($0.isRemote ? ", and by default the network is not asked" : "")
        }
    }
}
