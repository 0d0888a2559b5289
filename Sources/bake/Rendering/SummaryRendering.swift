internal import BakeContract
internal import Images

/// An image's summary for people; `ImageSummary.json` is the one for programs.
enum SummaryRendering {
    static func text(_ summary: ImageSummary, image: String) -> String {
        let manifest = summary.manifest
        let blob = manifest.blob
        let way =
            summary.leavesBlobInPlace ? "left in memory where it is loaded" : "unpacked at boot"
        var lines = [
            "\(image): format \(Manifest.formatVersion), \(ByteCountText.render(Int64(summary.byteCount)))",
            "  baked by       bake \(manifest.bakeVersion)",
            "  kernel         \(manifest.kernelVersion) (\(manifest.architecture))",
            "  EFI stub       systemd \(manifest.efiStubVersion)",
            "  blob           \(blob.kind.rawValue) (\(blob.compression)), "
                + "\(ByteCountText.render(Int64(blob.byteCount))), \(way)",
        ]
        if let verity = blob.verity {
            lines.append("  root hash      \(verity.rootHash.hex)")
        }
        let memory = manifest.memory
        lines += [
            "  memory         \(ByteCountText.mebibytes(Int64(memory.inPlaceByteCount))), "
                + "\(ByteCountText.mebibytes(Int64(memory.ramdiskByteCount))) unpacked, "
                + "\(ByteCountText.mebibytes(Int64(memory.uefiByteCount))) under UEFI",
            "  command line   \(String(decoding: summary.commandLine, as: UTF8.self))",
            "  configuration  \(text(summary.bakedConfiguration))",
        ]
        if summary.configurationPatch != Array("{}".utf8) {
            lines.append("  changed later  \(text(summary.configurationPatch))")
        }
        return (lines + [""] + summary.partLines.map { "  \($0)" }).joined(separator: "\n")
    }

    /// The configuration on one line; as it stands when it is no JSON.
    private static func text(_ configuration: Bytes?) -> String {
        guard let configuration else { return "none" }
        let parsed = try? JSONValue.parse(configuration, file: [])  // shown as text then
        return String(decoding: parsed?.compactText ?? configuration, as: UTF8.self)
    }
}
