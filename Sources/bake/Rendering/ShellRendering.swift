internal import BakeContract
internal import Baking

/// What somebody did in `bake shell`.
enum ShellRendering {
    static func text(_ report: ShellReport, savedTo path: String) -> String {
        guard report.isSaved else { return "nothing was changed; '\(path)' was not written\n" }
        let lines = ChangesRendering.lines(report.changes).map { "\($0)\n" }
        return lines.joined() + "\(ChangesRendering.summary(report.changes)): \(path)\n"
    }

    static func json(_ report: ShellReport, savedTo path: String) -> JSONValue {
        .object(
            ChangesRendering.members(report.changes) + [
                JSONMember(Array("warnings".utf8), .array(report.warnings.map(JSONValue.text))),
                JSONMember(Array("saved".utf8), report.isSaved ? .text(path) : .null),
            ])
    }
}

/// What commands did to a tree.
enum ChangesRendering {
    static func lines(_ changes: TreeChanges) -> [String] {
        changes.added.map { "+ \($0)" } + changes.changed.map { "~ \($0)" }
            + changes.removed.map { "- \($0)" }
    }

    static func summary(_ changes: TreeChanges) -> String {
        "\(changes.added.count) added, \(changes.changed.count) changed, "
            + "\(changes.removed.count) removed"
    }

    static func members(_ changes: TreeChanges) -> [JSONMember] {
        [("added", changes.added), ("changed", changes.changed), ("removed", changes.removed)].map {
            name, paths in
            JSONMember(Array(name.utf8), .array(paths.map(JSONValue.text)))
        }
    }
}
