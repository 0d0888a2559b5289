/// What the contract makes of a configuration and a kernel command line, as text that host and
/// guest print alike: a corpus read by both shows that they decide the same.
///
/// `ok`, then the steps that follow from it, then the settings as they are published; or one line
/// `error ...`. Warnings come first, a line each.
public enum ConfigurationVerdict {
    public static func text(
        configuration: Bytes, commandLine: Bytes, strictness: EffectiveConfiguration.Strictness
    ) -> Bytes {
        do throws(ConfigurationError) {
            let effective = try EffectiveConfiguration(
                [
                    JSONFileSource.baked(configuration).settings(),
                    CommandLineSource(text: commandLine).settings(),
                ], strictness)
            var text: Bytes = []
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
