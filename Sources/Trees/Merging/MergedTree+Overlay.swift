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
        _ layers: [Layer], impliedDirectory: Node = .directory(),
        onConflict conflictRule: ConflictRule = .refuse
    ) throws(TreeError) -> MergedTree {
        var overlay = Overlay(impliedDirectory: impliedDirectory, conflictRule: conflictRule)
        for layer in layers { try overlay.lay(layer) }
        return overlay.finish()
    }

    /// Lays one more layer over a merged tree, by the same rules.
    public mutating func lay(
        _ layer: Layer, impliedDirectory: Node = .directory(),
        onConflict conflictRule: ConflictRule = .refuse
    ) throws(TreeError) {
        var overlay = Overlay(
            on: self, impliedDirectory: impliedDirectory, conflictRule: conflictRule)
        try overlay.lay(layer)
        self = overlay.finish()
    }
}

/// The merged tree while it grows: a sorted list of places, into which each layer's sorted list is
/// merged by one walk over both.
struct Overlay {
    let impliedDirectory: Node
    let conflictRule: ConflictRule

    private(set) var layerNames: [String] = []
    var laid = LaidLayers()
    var list = PlaceList()
    /// Positions in `layerNames` of the layers whose file an entry hides, where there are any.
    var hidden: [LaidLayers.EntryID: [Int]] = [:]
    /// Files with several names, by what they are on this machine: one group across layers.
    private var nodeOfIdentity: [HostIdentity: LaidLayers.NodeID] = [:]
    var notes: [Note] = []
    var removals: [MergedTree.Removal] = []
    /// Of each layer.
    private var reasons: [[TreePath: Reason]] = []

    init(impliedDirectory: Node, conflictRule: ConflictRule) {
        self.impliedDirectory = impliedDirectory
        self.conflictRule = conflictRule
        let root = laid.make(entryAt: .root, from: .root, layerIndex: nil)
        list.places = [PlaceList.Place(entry: root, node: laid.make(impliedDirectory))]
    }

    init(on tree: MergedTree, impliedDirectory: Node, conflictRule: ConflictRule) {
        self.impliedDirectory = impliedDirectory
        self.conflictRule = conflictRule
        layerNames = tree.layerNames
        // Not those of the entries: nodes may have changed since.
        laid = tree.nodes.laid
        list.places = tree.entries.indices.map { index in
            PlaceList.Place(
                entry: tree.entries.id(at: index),
                node: tree.nodes.id(at: tree.entries.nodeIndex(at: index)))
        }
        hidden = tree.entries.hidden
        nodeOfIdentity = tree.nodeOfIdentity
        notes = tree.notes
        removals = tree.removals
        reasons = Array(repeating: tree.reasons, count: tree.layerNames.count)
    }

    mutating func lay(_ layer: Layer) throws(TreeError) {
        let layerIndex = layerNames.count
        layerNames.append(layer.name)
        reasons.append(layer.reasons)
        notes += layer.notes
        let deletions = Deletions(of: layer, in: list, laid)
        notes += deletions.vain.map { .nothingToDelete(path: $0, layer: layerNames[layerIndex]) }
        laid.add(layer)
        let laying = LaidLayer(layer: layer, index: layerIndex)
        var incoming = LayerWalk(of: laying)
        var detours = try merge(laying, deletions, mayRepeat: false) { (walk) throws(TreeError) in
            while let upper = try incoming.next(walk.overlay.laid) { try walk.take(upper) }
        }
        // Each pass takes what the one before found to stand below a link to where the link leads.
        // A detour is one link of the path shorter each time, so this ends.
        while !detours.isEmpty {
            let sorted = LayerWalk.sorted(detours)
            detours = try merge(laying, Deletions(), mayRepeat: true) { (walk) throws(TreeError) in
                for upper in sorted { try walk.take(upper) }
            }
        }
    }

    /// One walk, to which `body` gives what the layer has.
    ///
    /// - Returns: what stands below another layer's link.
    private mutating func merge(
        _ layer: LaidLayer, _ deletions: Deletions, mayRepeat: Bool,
        _ body: (inout MergeWalk) throws(TreeError) -> Void
    ) throws(TreeError) -> [LayerWalk.Entry] {
        var walk = MergeWalk(self, layer, deletions: deletions, mayRepeat: mayRepeat)
        try body(&walk)
        walk.finish()
        swap(&self, &walk.overlay)
        return walk.detours
    }

    func finish() -> MergedTree {
        let moved = movedSources()
        // Nodes whose every name is hidden go; the others are numbered by their first name.
        var numbering = NodeNumbering(count: laid.nodeCount)
        var numbers = RunList()
        var nodeNumbers = RunList()
        var keptReasons: [TreePath: Reason] = [:]
        var keptHidden: [LaidLayers.EntryID: [Int]] = [:]
        for place in list.places {
            numbers.append(place.entry.number)
            nodeNumbers.append(numbering.number(of: place.node, in: laid))
            if !hidden.isEmpty, let hidden = hidden[place.entry] {
                keptHidden[place.entry] = hidden
            }
            if let layer = laid.layerIndex(of: place.entry), !reasons[layer].isEmpty,
                let reason = reasons[layer][laid.source(of: place.entry)]
            {
                keptReasons[laid.path(of: place.entry)] = reason.moved(moved[layer] ?? [:])
            }
        }
        return MergedTree(
            layerNames: layerNames, nodes: MergedTree.Nodes(laid: laid, numbers: numbering.nodes),
            entries: MergedTree.Entries(
                laid: laid, numbers: numbers, nodeNumbers: nodeNumbers, hidden: keptHidden),
            notes: notes, removals: removals, reasons: keptReasons, nodeOfIdentity: nodeOfIdentity)
    }

    /// Of layers with reasons: where files went that stood below another layer's link.
    private func movedSources() -> [Int: [TreePath: TreePath]] {
        var moved: [Int: [TreePath: TreePath]] = [:]
        for place in list.places where laid.isMoved(place.entry) {
            guard let layer = laid.layerIndex(of: place.entry), !reasons[layer].isEmpty else {
                continue
            }
            moved[layer, default: [:]][laid.source(of: place.entry)] = laid.path(of: place.entry)
        }
        return moved
    }

    // MARK: What a layer's entries become

    /// The place of what a layer has.
    mutating func place(_ upper: LayerWalk.Entry, _ layer: LaidLayer) -> PlaceList.Place {
        let isOwn = upper.path == upper.source && upper.entry != nil
        return PlaceList.Place(
            entry: isOwn
                ? upper.entry!
                : laid.make(entryAt: upper.path, from: upper.source, layerIndex: layer.index),
            node: node(of: upper))
    }

    /// What an entry of the layer stands for: another layer's node where that is the same file.
    private mutating func node(of entry: LayerWalk.Entry) -> LaidLayers.NodeID {
        guard let node = entry.node else { return laid.make(impliedDirectory) }
        guard let identity = entry.identity else { return node }
        if let known = nodeOfIdentity[identity] {
            if known == node { return node }
            if laid[known].kind == laid[node].kind {
                laid.substitute(node, for: known)
                return known
            }
        }
        nodeOfIdentity[identity] = node
        return node
    }
}

/// A layer while it is laid: the last one among those that are.
struct LaidLayer {
    let layer: Layer
    /// Position in the overlay's `layerNames`.
    let index: Int
}

/// Gives nodes numbers in the order in which they are asked for.
private struct NodeNumbering {
    private(set) var nodes = RunList()
    private var numbers: [Int32]

    init(count: Int) {
        numbers = Array(repeating: -1, count: count)
    }

    mutating func number(of node: LaidLayers.NodeID, in laid: LaidLayers) -> UInt32 {
        let ordinal = laid.ordinal(of: node)
        if numbers[ordinal] < 0 {
            numbers[ordinal] = Int32(nodes.count)
            nodes.append(node.number)
        }
        return UInt32(numbers[ordinal])
    }
}

extension Reason {
    fileprivate func moved(_ destinations: [TreePath: TreePath]) -> Reason {
        guard case .needed(let path, let how) = self else { return self }
        return .needed(by: destinations[path] ?? path, how: how)
    }
}
