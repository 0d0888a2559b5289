/// What becomes of a directory and something else at one path.
public enum ConflictRule: String, Sendable, CaseIterable {
    /// An error that names both layers: the image would lack files of one of them.
    case refuse
    /// The later layer wins, with a note.
    case replace
}

extension MergedTree {
    /// Lays layers over each other, lowest first. Pure: nothing is opened.
    ///
    /// - A directory over a directory: one directory with the contents of both and the later
    ///   one's owner, mode, time and attributes.
    /// - A file (link, device, ...) over a file: the later one hides the earlier.
    /// - One over the other: what `conflictRule` says.
    /// - A directory over a symbolic link: what the layer has below it goes where the link leads
    ///   when that is a directory of the merged tree (a distribution's `/bin -> usr/bin` under an
    ///   application's `bin/`); else the directory replaces the link, with a note. Links are
    ///   followed as programs in the image would see them: never outside.
    /// - A layer's whiteouts and opaque directories act on the layers below it, before its own
    ///   files come.
    ///
    /// - Parameter impliedDirectory: what stands where a layer has a path but no directory above
    ///   it, the root included.
    public static func overlay(
        _ layers: consuming [Layer], impliedDirectory: Node = .directory(),
        onConflict conflictRule: ConflictRule = .refuse
    ) throws(TreeError) -> MergedTree {
        var overlay = Overlay(impliedDirectory: impliedDirectory, conflictRule: conflictRule)
        // A layer that nobody else holds goes when its files have their places.
        layers.reverse()
        while let layer = layers.popLast() { try overlay.lay(layer) }
        return overlay.finish()
    }

    /// Lays one more layer over a merged tree, by the same rules.
    public func overlaid(
        by layer: Layer, impliedDirectory: Node = .directory(),
        onConflict conflictRule: ConflictRule = .refuse
    ) throws(TreeError) -> MergedTree {
        var overlay = Overlay(
            on: self, impliedDirectory: impliedDirectory, conflictRule: conflictRule)
        try overlay.lay(layer)
        return overlay.finish()
    }
}

/// The merged tree while it grows: a sorted list of entries, into which each layer's sorted list
/// is merged by one walk over both.
struct Overlay {
    let impliedDirectory: Node
    let conflictRule: ConflictRule

    private(set) var layerNames: [String] = []
    var nodes: [Node]
    var entries: [Laid]
    /// Files with several names, by what they are on this machine: one group across layers.
    private var nodeOfIdentity: [HostIdentity: Int] = [:]
    var notes: [Note] = []
    var removals: [MergedTree.Removal] = []
    /// Of each layer.
    private var reasons: [[TreePath: Reason]] = []

    /// An entry of the merged tree, and where it stood in its layer.
    struct Laid {
        var entry: MergedTree.Entry
        var source: TreePath
    }

    init(impliedDirectory: Node, conflictRule: ConflictRule) {
        self.impliedDirectory = impliedDirectory
        self.conflictRule = conflictRule
        nodes = [impliedDirectory]
        let root = MergedTree.Entry(
            path: .root, nodeIndex: 0, layerIndex: nil, hiddenLayerIndices: [])
        entries = [Laid(entry: root, source: .root)]
    }

    init(on tree: MergedTree, impliedDirectory: Node, conflictRule: ConflictRule) {
        self.impliedDirectory = impliedDirectory
        self.conflictRule = conflictRule
        layerNames = tree.layerNames
        nodes = tree.nodes
        entries = tree.entries.map { Laid(entry: $0, source: $0.path) }
        notes = tree.notes
        removals = tree.removals
        reasons = Array(repeating: tree.reasons, count: tree.layerNames.count)
        for (index, node) in nodes.enumerated() {
            if let identity = node.identity { nodeOfIdentity[identity] = index }
        }
    }

    mutating func lay(_ layer: Layer) throws(TreeError) {
        let layerIndex = layerNames.count
        layerNames.append(layer.name)
        reasons.append(layer.reasons)
        notes += layer.notes
        var nodeOfLayer = [Int?](repeating: nil, count: layer.nodes.count)
        var incoming = try LayerWalk.entries(of: layer)
        var deletions = Deletions(of: layer, in: entries, nodes)
        notes += deletions.vain.map { .nothingToDelete(path: $0, layer: layer.name) }
        var isFirstPass = true
        // Each pass takes what the one before found to stand below a link to where the link leads.
        // A detour is one link of the path shorter each time, so this ends.
        while !incoming.isEmpty || isFirstPass {
            var walk = MergeWalk(self, layer, layerIndex: layerIndex, deletions: deletions)
            // The walk has them now, and changes them where they are.
            (nodes, entries) = ([], [])
            try walk.merge(incoming) { entry, overlay in
                overlay.nodeIndex(of: entry, in: layer, &nodeOfLayer)
            }
            let detours = walk.detours
            self = walk.finish()
            incoming = LayerWalk.sorted(detours)
            isFirstPass = false
            deletions = Deletions()
        }
    }

    consuming func finish() -> MergedTree {
        var numbering = NodeNumbering(count: nodes.count)
        var keptReasons: [TreePath: Reason] = [:]
        let moved = movedSources()
        // Nodes whose every name is hidden go; the others are numbered by their first name.
        for index in entries.indices {
            entries[index].entry.nodeIndex = numbering.number(
                of: entries[index].entry.nodeIndex, moving: &nodes)
            if let layer = entries[index].entry.layerIndex,
                let reason = reasons[layer][entries[index].source]
            {
                keptReasons[entries[index].entry.path] = reason.moved(moved[layer] ?? [:])
            }
        }
        nodes.removeLast(nodes.count - numbering.count)
        return MergedTree(
            layerNames: layerNames, nodes: nodes, entries: entries.map(\.entry), notes: notes,
            removals: removals, reasons: keptReasons)
    }

    /// Of layers with reasons: where files went that stood below another layer's link.
    private func movedSources() -> [Int: [TreePath: TreePath]] {
        var moved: [Int: [TreePath: TreePath]] = [:]
        for laid in entries where laid.source != laid.entry.path {
            guard let layer = laid.entry.layerIndex, !reasons[layer].isEmpty else {
                continue
            }
            moved[layer, default: [:]][laid.source] = laid.entry.path
        }
        return moved
    }

    private mutating func nodeIndex(
        of entry: LayerWalk.Entry, in layer: Layer, _ nodeOfLayer: inout [Int?]
    ) -> Int {
        guard let position = entry.nodeIndex else { return add(impliedDirectory) }
        if let known = nodeOfLayer[position] { return known }
        let new = nodeIndex(of: layer.nodes[position])
        nodeOfLayer[position] = new
        return new
    }

    private mutating func nodeIndex(of node: Node) -> Int {
        guard let identity = node.identity else { return add(node) }
        if let known = nodeOfIdentity[identity], nodes[known].kind == node.kind {
            // The later layer's owner and times, should its rules differ.
            nodes[known] = node
            return known
        }
        nodeOfIdentity[identity] = nodes.count
        return add(node)
    }

    private mutating func add(_ node: Node) -> Int {
        nodes.append(node)
        return nodes.count - 1
    }
}

/// Gives nodes numbers in the order in which they are asked for, and puts them there within the same
/// array: a second one would be the largest thing there is while layers are merged.
private struct NodeNumbering {
    private(set) var count = 0
    private var numbers: [Int32]
    /// Where the node is now that was at a position at first, and the other way round.
    private var places: [Int32]
    private var occupants: [Int32]

    init(count: Int) {
        numbers = Array(repeating: -1, count: count)
        places = (0..<count).map(Int32.init)
        occupants = places
    }

    mutating func number(of index: Int, moving nodes: inout [Node]) -> Int {
        if numbers[index] >= 0 { return Int(numbers[index]) }
        let source = Int(places[index])
        let displaced = Int(occupants[count])
        nodes.swapAt(count, source)
        (places[displaced], occupants[source]) = (Int32(source), Int32(displaced))
        (places[index], occupants[count]) = (Int32(count), Int32(index))
        numbers[index] = Int32(count)
        count += 1
        return Int(numbers[index])
    }
}

extension Reason {
    fileprivate func moved(_ destinations: [TreePath: TreePath]) -> Reason {
        guard case .needed(let path, let how) = self else { return self }
        return .needed(by: destinations[path] ?? path, how: how)
    }
}
