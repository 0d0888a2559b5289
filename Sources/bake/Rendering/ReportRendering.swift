internal import BakeContract
internal import Baking

/// A bake's report for people and for programs.
enum ReportRendering {
    static func text(_ report: BakeReport, isVerbose: Bool) -> String {
        var lines: [String] = []
        if isVerbose {
            lines += report.notes.map { "  \($0)" }
            lines += report.packages.map { "  \($0.name) \($0.version) \($0.architecture)" }
            lines += report.edits.flatMap(ChangesRendering.lines).map { "  \($0)" }
        }
        lines += report.layers.map { "  layer   \(text($0))" }
        if !report.packages.isEmpty {
            lines.append("  debian  \(count(report.packages.count, "package"))")
        }
        for (index, edit) in report.edits.enumerated() {
            lines.append("  edit \(index + 1)  \(ChangesRendering.summary(edit))")
        }
        lines.append("  tree    \(report.entryCount) entries, \(report.inodeCount) inodes")
        if let version = report.kernelVersion {
            lines.append("  kernel  \(version), \(report.moduleCount) modules")
        }
        if let blob = report.blob {
            lines.append(
                "  blob    \(blob.kind) (\(blob.compression)), \(ByteCountText.render(blob.byteCount))"
            )
        }
        if let reuse = report.reuse, reuse.blockCount > 0 {
            lines.append(
                "  reused  \(ByteCountText.render(reuse.byteCount)) in "
                    + "\(count(reuse.blockCount, "block")) of \(reuse.base)")
        }
        if let memory = report.memory {
            lines.append(
                "  memory  needs \(ByteCountText.mebibytes(memory.linux)) to boot, "
                    + "\(ByteCountText.mebibytes(memory.uefi)) under UEFI")
        }
        let headline =
            report.outputByteCount.map { "\(report.output): \(ByteCountText.render($0))" }
            ?? "\(report.output): not written (dry run)"
        return lines.joined(separator: "\n") + "\n"
            + report.warnings.map { "bake: warning: \($0)\n" }.joined()
            + "bake: \(headline)\n"
    }

    private static func text(_ layer: BakeReport.Layer) -> String {
        let losses = [
            layer.hiddenCount == 0 ? nil : "\(layer.hiddenCount) hidden",
            layer.removedCount == 0 ? nil : "\(layer.removedCount) removed",
        ].compactMap { $0 }
        let loss = losses.isEmpty ? "" : ", \(losses.joined(separator: " and ")) by later layers"
        let entries = layer.entryCount == 1 ? "1 entry" : "\(layer.entryCount) entries"
        return "\(layer.name): \(entries)\(loss)"
    }

    private static func count(_ count: Int, _ noun: String) -> String {
        "\(count) \(noun)\(count == 1 ? "" : "s")"
    }

    /// docs/json.md, "bake build".
    static func json(
        _ report: BakeReport, _ reproducibility: Reproducibility? = nil
    ) -> JSONValue {
        .object([
            "blob": report.blob.map(json) ?? .null,
            "edits": .array(report.edits.map { .object(ChangesRendering.members($0)) }),
            "entryCount": .integer(Int64(report.entryCount)),
            "format": .text(report.format.rawValue),
            "imageByteCount": orNull(report.imageByteCount),
            "inodeCount": .integer(Int64(report.inodeCount)),
            "kernelVersion": orNull(report.kernelVersion),
            "layers": .array(report.layers.map(json)),
            "memory": report.memory.map {
                .object(["linux": .integer($0.linux), "uefi": .integer($0.uefi)])
            } ?? .null,
            "moduleCount": .integer(Int64(report.moduleCount)),
            "notes": .array(report.notes.map(JSONValue.text)),
            "output": .text(report.output),
            "outputByteCount": orNull(report.outputByteCount),
            "packages": .array(
                report.packages.map { package in
                    .object([
                        "architecture": .text(package.architecture), "name": .text(package.name),
                        "version": .text(package.version),
                    ])
                }),
            "reproducibility": reproducibility.map(json) ?? .null,
            "reuse": report.reuse.map { reuse in
                .object([
                    "base": .text(reuse.base), "blockCount": .integer(Int64(reuse.blockCount)),
                    "byteCount": .integer(reuse.byteCount),
                ])
            } ?? .null,
            "sha256": orNull(report.sha256),
            "warnings": .array(report.warnings.map(JSONValue.text)),
        ])
    }

    private static func orNull(_ number: Int64?) -> JSONValue {
        number.map(JSONValue.integer) ?? .null
    }

    private static func orNull(_ text: String?) -> JSONValue {
        text.map(JSONValue.text) ?? .null
    }

    private static func json(_ reproducibility: Reproducibility) -> JSONValue {
        .object([
            "changed": .array(reproducibility.changed.map(JSONValue.text)),
            "differences": .array(
                reproducibility.differences.map { difference in
                    .object([
                        "offset": .integer(Int64(difference.offset)),
                        "part": .text(difference.part),
                        "path": difference.path.map(JSONValue.bytes) ?? .null,
                        "what": .text(difference.what),
                    ])
                }),
            "isSame": .bool(reproducibility.isSame),
            "unchanged": .array(reproducibility.unchanged.map(JSONValue.text)),
        ])
    }

    /// The first of them, a line each.
    static func text(_ differences: [ImageDifference]) -> String {
        let shown = differences.prefix(20).map { "\n  \($0)" }.joined()
        return differences.count > 20 ? shown + "\n  and \(differences.count - 20) more" : shown
    }

    private static func json(_ blob: BakeReport.Blob) -> JSONValue {
        .object([
            "byteCount": .integer(blob.byteCount),
            "compression": .text(blob.compression),
            "kind": .text(blob.kind),
            "offset": .integer(blob.offset),
        ])
    }

    private static func json(_ layer: BakeReport.Layer) -> JSONValue {
        .object([
            "entryCount": .integer(Int64(layer.entryCount)),
            "hiddenCount": .integer(Int64(layer.hiddenCount)),
            "name": .text(layer.name),
            "removedCount": .integer(Int64(layer.removedCount)),
        ])
    }

    static func progressLine(_ progress: BakeProgress) -> String {
        switch progress {
        case .preparingPackages(let step): "packages: \(step)"
        case .reading(let tree): "reading \(tree)"
        case .editing(let number, let count): "edit \(number) of \(count)"
        case .packing(let done, let total):
            "packing \(ByteCountText.render(done)) of \(ByteCountText.render(total))"
                + (total > 0 ? " (\(done * 100 / total) %)" : "")
        case .writing: "writing the image"
        }
    }
}
