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
        while var layer = layers.popLast() { try overlay.lay(&layer) }
        return overlay.finish()
    }

    /// Lays one more layer over a merged tree, by the same rules. After an error nothing is left
    /// of either.
    public mutating func lay(
        _ layer: consuming Layer, impliedDirectory: Node = .directory(),
        onConflict conflictRule: ConflictRule = .refuse
    ) throws(TreeError) {
        var overlay = Overlay(
            on: self, impliedDirectory: impliedDirectory, conflictRule: conflictRule)
        // The overlay has the nodes now, and changes them where they are.
        (nodes, entries) = ([], [])
        try overlay.lay(&layer)
        self = overlay.finish()
    }
}

/// The merged tree while it grows: a sorted list of entries, into which each layer's sorted list
/// is merged by one walk over both.
struct Overlay {
    let impliedDirectory: Node
    let conflictRule: ConflictRule

    private(set) var layerNames: [String] = []
    var nodes: [Node]
    var entries: [MergedTree.Entry]
    /// Where in its layer a file stood that went where a link leads; all others stand where they
    /// stood.
    private var sources: [TreePath: TreePath] = [:]
    /// Files with several names, by what they are on this machine: one group across layers.
    private var nodeOfIdentity: [HostIdentity: Int] = [:]
    var notes: [Note] = []
    var removals: [MergedTree.Removal] = []
    /// Of each layer.
    private var reasons: [[TreePath: Reason]] = []

    init(impliedDirectory: Node, conflictRule: ConflictRule) {
        self.impliedDirectory = impliedDirectory
        self.conflictRule = conflictRule
        nodes = [impliedDirectory]
        entries = [
            MergedTree.Entry(path: .root, nodeIndex: 0, layerIndex: nil, hiddenLayerIndices: [])
        ]
    }

    init(on tree: MergedTree, impliedDirectory: Node, conflictRule: ConflictRule) {
        self.impliedDirectory = impliedDirectory
        self.conflictRule = conflictRule
        layerNames = tree.layerNames
        nodes = tree.nodes
        entries = tree.entries
        notes = tree.notes
        removals = tree.removals
        reasons = Array(repeating: tree.reasons, count: tree.layerNames.count)
        for (index, node) in nodes.enumerated() {
            if let identity = node.identity { nodeOfIdentity[identity] = index }
        }
    }

    /// Takes the layer's nodes.
    mutating func lay(_ layer: inout Layer) throws(TreeError) {
        let layerIndex = layerNames.count
        layerNames.append(layer.name)
        reasons.append(layer.reasons)
        notes += layer.notes
        let deletions = Deletions(of: layer, in: entries, nodes)
        notes += deletions.vain.map { .nothingToDelete(path: $0, layer: layerNames[layerIndex]) }
        let firstNode = takeNodes(of: &layer)
        let laying = LaidLayer(layer: layer, index: layerIndex, firstNode: firstNode)
        var incoming = LayerWalk(of: laying)
        var detours = try merge(laying, deletions) { (walk) throws(TreeError) in
            while let upper = try incoming.next(walk.overlay.nodes) { try walk.take(upper) }
        }
        // Each pass takes what the one before found to stand below a link to where the link leads.
        // A detour is one link of the path shorter each time, so this ends.
        while !detours.isEmpty {
            let sorted = LayerWalk.sorted(detours)
            detours = try merge(laying, Deletions()) { (walk) throws(TreeError) in
                for upper in sorted { try walk.take(upper) }
            }
        }
    }

    /// One walk, to which `body` gives what the layer has.
    ///
    /// - Returns: what stands below another layer's link.
    private mutating func merge(
        _ layer: LaidLayer, _ deletions: Deletions,
        _ body: (inout MergeWalk) throws(TreeError) -> Void
    ) throws(TreeError) -> [LayerWalk.Entry] {
        var walk = MergeWalk(self, layer, deletions: deletions)
        // The walk has them now, and changes them where they are.
        (nodes, entries) = ([], [])
        try body(&walk)
        walk.finish()
        swap(&self, &walk.overlay)
        return walk.detours
    }

    /// All nodes of the layer behind those that are there, or the other way round: the longer list
    /// stays where it is, for a second one would be the largest thing there is.
    ///
    /// - Returns: where the layer's nodes start.
    private mutating func takeNodes(of layer: inout Layer) -> Int {
        var others: [Node] = []
        swap(&others, &layer.nodes)
        guard others.count > nodes.count else {
            nodes += others
            return nodes.count - others.count
        }
        swap(&nodes, &others)
        let shift = nodes.count
        nodes += others
        for index in entries.indices { entries[index].nodeIndex += shift }
        nodeOfIdentity = nodeOfIdentity.mapValues { $0 + shift }
        return 0
    }

    /// Gives nodes and entries away.
    mutating func finish() -> MergedTree {
        var nodes: [Node] = []
        var entries: [MergedTree.Entry] = []
        let moved = movedSources()
        swap(&nodes, &self.nodes)
        swap(&entries, &self.entries)
        var numbering = NodeNumbering(count: nodes.count)
        var keptReasons: [TreePath: Reason] = [:]
        // Nodes whose every name is hidden go; the others are numbered by their first name.
        for index in entries.indices {
            entries[index].nodeIndex = numbering.number(
                of: entries[index].nodeIndex, moving: &nodes)
            if let layer = entries[index].layerIndex,
                let reason = reasons[layer][source(of: entries[index])]
            {
                keptReasons[entries[index].path] = reason.moved(moved[layer] ?? [:])
            }
        }
        nodes.removeLast(nodes.count - numbering.count)
        return MergedTree(
            layerNames: layerNames, nodes: nodes, entries: entries, notes: notes,
            removals: removals, reasons: keptReasons)
    }

    /// Of layers with reasons: where files went that stood below another layer's link.
    private func movedSources() -> [Int: [TreePath: TreePath]] {
        var moved: [Int: [TreePath: TreePath]] = [:]
        guard !sources.isEmpty else { return moved }
        for entry in entries {
            guard let source = sources[entry.path], let layer = entry.layerIndex,
                !reasons[layer].isEmpty
            else { continue }
            moved[layer, default: [:]][source] = entry.path
        }
        return moved
    }

    /// Where an entry stood in its layer.
    func source(of entry: MergedTree.Entry) -> TreePath {
        sources.isEmpty ? entry.path : sources[entry.path] ?? entry.path
    }

    mutating func noteSource(of entry: LayerWalk.Entry) {
        if entry.source != entry.path {
            sources[entry.path] = entry.source
        } else if !sources.isEmpty {
            sources[entry.path] = nil
        }
    }

    /// Position of what an entry of the layer stands for: another layer's node where that is the
    /// same file.
    mutating func nodeIndex(of entry: LayerWalk.Entry) -> Int {
        guard let index = entry.nodeIndex else {
            nodes.append(impliedDirectory)
            return nodes.count - 1
        }
        guard let identity = nodes[index].identity else { return index }
        if let known = nodeOfIdentity[identity], nodes[known].kind == nodes[index].kind {
            // The later layer's owner and times, should its rules differ.
            nodes[known] = nodes[index]
            return known
        }
        nodeOfIdentity[identity] = index
        return index
    }
}

/// A layer while it is laid: its nodes are among the overlay's.
struct LaidLayer {
    let layer: Layer
    /// Position in the overlay's `layerNames`.
    let index: Int
    /// Where its nodes start among the overlay's.
    let firstNode: Int

    /// Position in the overlay's nodes of what the layer itself has at a path.
    func nodeIndex(at path: TreePath) -> Int? {
        layer.nodeIndex(at: path).map { firstNode + $0 }
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
