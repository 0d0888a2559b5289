internal import BakeContract
internal import Baking

/// What somebody did in `bake shell`.
enum ShellRendering {
    static func text(_ report: ShellReport, savedTo path: String) -> String {
        guard report.isSaved else { return "nothing was changed; '\(path)' was not written\n" }
        let lines =
            report.added.map { "+ \($0)\n" } + report.changed.map { "~ \($0)\n" }
            + report.removed.map { "- \($0)\n" }
        return lines.joined() + """
            \(report.added.count) added, \(report.changed.count) changed, \
            \(report.removed.count) removed: \(path)

            """
    }

    static func json(_ report: ShellReport, savedTo path: String) -> JSONValue {
        .object([
            "added": list(report.added), "changed": list(report.changed),
            "removed": list(report.removed), "warnings": list(report.warnings),
            "saved": report.isSaved ? .string(Array(path.utf8)) : .null,
        ])
    }

    private static func list(_ sentences: [String]) -> JSONValue {
        .array(sentences.map { .string(Array($0.utf8)) })
    }
}
