internal import Trees

/// `--exclude`: patterns for paths of the image, and what they took out of the trees.
struct Exclusions {
    private let patterns: [PathPattern]

    init(_ texts: [String]) throws(BakeError) {
        var patterns: [PathPattern] = []
        for text in texts {
            guard let pattern = PathPattern(text) else {
                throw BakeError(
                    .malformedInput, "--exclude '\(text)' is no pattern",
                    hint: "a path with * ? [a-z] or **, such as '/usr/share/doc' or '*.pyc'")
            }
            patterns.append(pattern)
        }
        self.patterns = patterns
    }

    /// For a scan: whether a path of the tree is left out, by where it will stand in the image.
    func predicate(for placement: Placement) -> (@Sendable (TreePath) -> Bool)? {
        if patterns.isEmpty { return nil }
        let patterns = patterns
        return { path in
            placement.place(path).map { place in patterns.contains { $0.matches(place) } } ?? false
        }
    }

    /// For layers that are read whole.
    func applied(to layer: Layer) -> Layer {
        if patterns.isEmpty { return layer }
        var (kept, counts) = layer.excluding(patterns)
        let count = counts.reduce(0, +)
        if count > 0 { kept.notes.append(.excluded(tree: layer.name, count: count)) }
        return kept
    }
}

/// Where the paths of a tree go: `--strip` and `:/TARGET`.
struct Placement: Sendable {
    let stripCount: Int
    let target: TreePath

    init(_ tree: BakeRequest.Tree) throws(BakeError) {
        stripCount = tree.stripCount
        guard let target = TreePath(Bytes((tree.target ?? "").utf8)) else {
            throw BakeError(
                .malformedInput, "'\(tree.target ?? "")' is no directory of the image",
                hint: "a target is an absolute path without '..': -R TREE:/opt/app")
        }
        self.target = target
    }

    /// Everything stays where it is.
    var isNone: Bool { stripCount == 0 && target.isRoot }

    /// Nil for what is stripped away.
    func place(_ path: TreePath) -> TreePath? {
        path.droppingFirst(stripCount).map { target.appending(below: $0) }
    }

    func placed(_ layer: Layer) throws(TreeError) -> Layer {
        try layer.stripping(stripCount).placed(at: target)
    }
}
