/// What the contract makes of a configuration and of what a platform says beside it, as text that
/// host and guest print alike: a corpus read by both shows that they decide the same.
///
/// `ok`, then the steps that follow from it, then the settings as they are published; or one line
/// `error ...`. Notes and warnings come first, a line each.
public enum ConfigurationVerdict {
    /// - Parameter companion: what stands beside the configuration under a name with that suffix:
    ///   `.cmdline`, and `.seed`, `.seed-meta`, `.ec2`, `.gcp`, `.smbios`, `.fw_cfg`, `.xenstore`
    ///   for what the other sources hold; nil where there is no such file.
    public static func text(
        configuration: Bytes, strictness: EffectiveConfiguration.Strictness = .booting,
        companion: (StaticString) -> Bytes?
    ) -> Bytes {
        var commandLine = companion(".cmdline") ?? []
        while commandLine.last == ASCII.newline { commandLine.removeLast() }
        var platform = PlatformFindings(commandLine: commandLine)
        let userData = companion(".seed")
        let metaData = companion(".seed-meta")
        if userData != nil || metaData != nil {
            platform.seeds = [
                SeedDiskSource(
                    format: .noCloud, metaData: metaData, userData: userData)
            ]
        }
        platform.ec2 = companion(".ec2")
        platform.gcp = companion(".gcp")
        if let structure = companion(".smbios") { platform.smbios = [structure] }
        platform.firmwareTable = companion(".fw_cfg")
        platform.xenstore = companion(".xenstore")
        return text(configuration: configuration, platform: platform, strictness: strictness)
    }

    public static func text(
        configuration: Bytes, platform: PlatformFindings,
        strictness: EffectiveConfiguration.Strictness
    ) -> Bytes {
        do throws(ConfigurationError) {
            let effective = try EffectiveConfiguration(
                try EffectiveConfiguration.sources(
                    baked: configuration, room: nil, platform: platform), strictness)
            var text: Bytes = []
            for note in effective.notes { text += Bytes(note.note + "\n") }
            for warning in effective.warnings { text += Bytes(warning.warning + "\n") }
            return text + verdict(effective)
        } catch {
            return Bytes("error \(error.status.rawValue) \(error.description)\n")
        }
    }

    private static func verdict(_ effective: EffectiveConfiguration) -> Bytes {
        let manifest = GuestManifest(
            blobKind: .squashfs, blobByteCount: 4096, blobDigest: nil, verity: nil)
        let facts = BootFacts(blob: .file(path: Bytes("/bake/blob"), byteCount: 4096))
        do throws(BootPlanError) {
            let plan = try BootPlan.make(
                manifest, facts, effective.configuration, published: effective.value.compactText)
            return Bytes("ok\n") + plan.text + effective.value.prettyText
        } catch {
            return Bytes("error \(error.status.rawValue) \(error.description)\n")
        }
    }
}
