internal import BakeContract
internal import Baking

/// Where a path came from, for people and for programs.
enum ExplanationRendering {
    ///     /usr/lib/libz.so.1: --install
    ///       hides the file of tree 1 ('base/')
    ///       needed by /usr/sbin/nginx (DT_NEEDED libz.so.1)
    ///       /usr/sbin/nginx was asked for
    static func text(_ explanation: PathExplanation) -> String {
        let path = printable(explanation.path)
        guard let place = explanation.place else { return absent(explanation, path) }
        var lines: [String] = []
        if place != explanation.path { lines.append("is \(printable(place)), links followed") }
        if let target = explanation.target {
            lines.append("is a symbolic link to \(printable(target))")
        }
        lines += explanation.hiddenLayers.map { "hides what \($0.label) has there" }
        for need in explanation.needs {
            lines.append(text(need, of: place))
        }
        lines += explanation.removals.map {
            "\($0.byLayer.label) removed what \($0.layer.label) had there"
        }
        let layer = explanation.layer?.label ?? "no layer: bake made it for what is in it"
        return "\(path): \(layer)\n" + lines.map { "  \($0)\n" }.joined()
    }

    private static func text(_ need: PathExplanation.Need, of place: Bytes) -> String {
        let subject = need.path == place ? "" : "\(printable(need.path)) is "
        guard let by = need.by else {
            return need.path == place
                ? "asked for by name" : "\(printable(need.path)) was asked for"
        }
        let how = need.how.isEmpty ? "" : " (\(printable(Bytes(need.how.utf8))))"
        return "\(subject)needed by \(printable(by))\(how)"
    }

    private static func absent(_ explanation: PathExplanation, _ path: String) -> String {
        var text = "\(path): not in the image\n"
        for removal in explanation.removals {
            let what = removal.path == explanation.path ? "it" : printable(removal.path)
            text += "  \(removal.byLayer.label) removed \(what); \(removal.layer.label) had it\n"
        }
        if let nearest = explanation.nearest {
            text += "  did you mean '\(printable(nearest))'?\n"
        }
        return text
    }

    /// docs/json.md, "bake why".
    static func json(_ explanations: [PathExplanation]) -> JSONValue {
        .array(explanations.map(json))
    }

    private static func json(_ explanation: PathExplanation) -> JSONValue {
        .object([
            "hides": .array(explanation.hiddenLayers.map(json)),
            "layer": explanation.layer.map(json) ?? .null,
            "nearest": explanation.nearest.map(JSONValue.bytes) ?? .null,
            "needs": .array(
                explanation.needs.map {
                    .object([
                        "by": $0.by.map(JSONValue.bytes) ?? .null, "how": .text($0.how),
                        "path": .bytes($0.path),
                    ])
                }),
            "path": .bytes(explanation.path),
            "place": explanation.place.map(JSONValue.bytes) ?? .null,
            "removals": .array(
                explanation.removals.map {
                    .object([
                        "by": json($0.byLayer), "layer": json($0.layer), "path": .bytes($0.path),
                    ])
                }),
            "target": explanation.target.map(JSONValue.bytes) ?? .null,
        ])
    }

    private static func json(_ layer: PathExplanation.Layer) -> JSONValue {
        .object([
            "detail": .text(layer.detail), "name": layer.typedName.map(JSONValue.text) ?? .null,
            "origin": .text(layer.origin),
        ])
    }
}
