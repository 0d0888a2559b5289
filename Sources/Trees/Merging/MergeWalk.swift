/// One walk over two sorted lists: what is merged already, and what a layer adds. What a layer
/// whites out or replaces is a range of the list below, so nothing is searched for.
struct MergeWalk {
    private var overlay: Overlay
    private let lower: [Overlay.Laid]
    private let layer: Layer
    private let layerIndex: Int
    /// What the layer deletes of the lower list; nothing once the list holds files of its own.
    private let deletions: Deletions
    private var result: [Overlay.Laid] = []
    private var position = 0
    /// What stands below another layer's symbolic link, with the path it is to go to.
    private(set) var detours: [LayerWalk.Entry] = []

    /// Of the lower list: everything below this is dropped.
    private var dropped: TreePath?
    /// Of the layer: everything below the first goes below the second.
    private var detour: (from: TreePath, to: TreePath)?

    init(_ overlay: Overlay, _ layer: Layer, layerIndex: Int, deletions: Deletions) {
        lower = overlay.entries
        self.layer = layer
        self.layerIndex = layerIndex
        self.deletions = deletions
        self.overlay = overlay
        self.overlay.entries = []
        self.overlay.nodes.reserveCapacity(overlay.nodes.count + layer.nodes.count)
        result.reserveCapacity(lower.count + layer.entries.count)
    }

    consuming func finish() -> Overlay {
        overlay.entries = result
        return overlay
    }

    /// - Parameter nodeIndex: the position in the overlay's nodes of what an entry stands for.
    mutating func merge(
        _ incoming: [LayerWalk.Entry],
        nodeIndex: (LayerWalk.Entry, inout Overlay) -> Int
    ) throws(TreeError) {
        for upper in incoming {
            if let detour, detour.from.contains(upper.path) {
                detours.append(upper.going(to: upper.path.moved(from: detour.from, to: detour.to)))
                continue
            }
            keepLower(before: upper.path)
            if let below = lowerEntry(at: upper.path) {
                try lay(upper, over: below, incoming, nodeIndex)
            } else if let last = result.last, last.entry.path == upper.path {
                try layOverOwn(upper, nodeIndex)
            } else {
                append(upper, hidden: [], nodeIndex)
            }
        }
        keepLower(before: nil)
    }

    // MARK: The list below

    /// Takes over what the lower list has before a path, as far as it is not dropped.
    private mutating func keepLower(before path: TreePath?) {
        while position < lower.count {
            let next = lower[position]
            if let path, !(next.entry.path < path) { return }
            position += 1
            if isDropped(next) { continue }
            result.append(next)
        }
    }

    /// What stands in the lower list at a path; nil where it is dropped or nothing is there.
    private mutating func lowerEntry(at path: TreePath) -> Overlay.Laid? {
        guard position < lower.count, lower[position].entry.path == path else { return nil }
        position += 1
        return isDropped(lower[position - 1]) ? nil : lower[position - 1]
    }

    private mutating func isDropped(_ laid: Overlay.Laid) -> Bool {
        let path = laid.entry.path
        if let dropped, dropped.contains(path) {
            if path != dropped { remove(laid) }
            return path != dropped
        }
        dropped = nil
        if deletions.paths.contains(path) {
            dropped = path
            remove(laid)
            return true
        }
        if deletions.contents.contains(path) { dropped = path }
        return false
    }

    private mutating func remove(_ laid: Overlay.Laid) {
        // A directory that only bake made for others is nobody's loss.
        guard let owner = laid.entry.layerIndex else { return }
        overlay.removals.append(
            .init(path: laid.entry.path, layerIndex: owner, byLayerIndex: layerIndex))
    }

    // MARK: One over the other

    private mutating func lay(
        _ upper: LayerWalk.Entry, over below: Overlay.Laid, _ incoming: [LayerWalk.Entry],
        _ nodeIndex: (LayerWalk.Entry, inout Overlay) -> Int
    ) throws(TreeError) {
        let path = upper.path
        switch (overlay.nodes[below.entry.nodeIndex].kind, upper.isDirectory) {
        case (.directory, true):
            result.append(below)
            layDirectory(upper, nodeIndex)
        case (.symlink(let target), true):
            if let destination = LinkResolution(lower, overlay.nodes, layer, deletions).directory(
                at: path)
            {
                overlay.notes.append(
                    .followedLink(
                        path: upper.source, to: destination, lower: name(of: below),
                        upper: layer.name))
                result.append(below)
                detour = (path, destination)
                detours.append(upper.going(to: destination))
            } else {
                overlay.notes.append(
                    .replacedLink(
                        path: path, target: target, lower: name(of: below), upper: layer.name))
                append(upper, hidden: hidden(by: below), nodeIndex)
            }
        case (.directory, false), (_, true):
            try checkConflict(upper, below)
            dropped = path
            append(upper, hidden: hidden(by: below), nodeIndex)
        default:
            if below.entry.layerIndex == layerIndex {
                layTwin(upper, over: below, nodeIndex)
            } else {
                append(upper, hidden: hidden(by: below), nodeIndex)
            }
        }
    }

    /// One layer's two files for one place, brought together by a link: the later in its order
    /// counts.
    private mutating func layTwin(
        _ upper: LayerWalk.Entry, over below: Overlay.Laid,
        _ nodeIndex: (LayerWalk.Entry, inout Overlay) -> Int
    ) {
        let winner = max(upper.source, below.source)
        overlay.notes.append(
            .twoFilesForOnePlace(path: upper.path, winner: winner, layer: layer.name))
        if winner == upper.source {
            append(upper, hidden: below.entry.hiddenLayerIndices, nodeIndex)
        } else {
            result.append(below)
        }
    }

    /// Two entries of the incoming list at one path.
    private mutating func layOverOwn(
        _ upper: LayerWalk.Entry, _ nodeIndex: (LayerWalk.Entry, inout Overlay) -> Int
    ) throws(TreeError) {
        let below = result.removeLast()
        switch (overlay.nodes[below.entry.nodeIndex].isDirectory, upper.isDirectory) {
        case (true, true):
            result.append(below)
            layDirectory(upper, nodeIndex)
        case (false, false): layTwin(upper, over: below, nodeIndex)
        default: throw conflict(upper, below)
        }
    }

    /// A directory over the one that was appended last: its contents stay, its metadata is the
    /// later one's.
    private mutating func layDirectory(
        _ upper: LayerWalk.Entry, _ nodeIndex: (LayerWalk.Entry, inout Overlay) -> Int
    ) {
        guard upper.nodeIndex != nil else { return }
        let last = result.count - 1
        let isOwn = result[last].entry.layerIndex == layerIndex
        if isOwn, upper.source < result[last].source { return }
        result[last].entry.nodeIndex = nodeIndex(upper, &overlay)
        result[last].entry.layerIndex = layerIndex
        result[last].source = upper.source
    }

    private mutating func append(
        _ upper: LayerWalk.Entry, hidden: [Int],
        _ nodeIndex: (LayerWalk.Entry, inout Overlay) -> Int
    ) {
        let entry = MergedTree.Entry(
            path: upper.path, nodeIndex: nodeIndex(upper, &overlay), layerIndex: layerIndex,
            hiddenLayerIndices: hidden)
        result.append(Overlay.Laid(entry: entry, source: upper.source))
    }

    private func hidden(by below: Overlay.Laid) -> [Int] {
        below.entry.hiddenLayerIndices + [below.entry.layerIndex].compactMap { $0 }
    }

    // MARK: Conflicts

    private mutating func checkConflict(
        _ upper: LayerWalk.Entry, _ below: Overlay.Laid
    ) throws(TreeError) {
        guard overlay.conflictRule == .replace else { throw conflict(upper, below) }
        overlay.notes.append(
            .replaced(
                path: upper.path, kind: kind(of: below).noun, lower: name(of: below),
                upper: layer.name))
    }

    private func conflict(_ upper: LayerWalk.Entry, _ below: Overlay.Laid) -> TreeError {
        .typeConflict(
            path: upper.path, lower: name(of: below), lowerKind: kind(of: below).noun,
            upper: layer.name,
            upperKind: (upper.nodeIndex.map { layer.nodes[$0].kind } ?? .directory).noun)
    }

    private func kind(of laid: Overlay.Laid) -> Node.Kind {
        overlay.nodes[laid.entry.nodeIndex].kind
    }

    private func name(of laid: Overlay.Laid) -> String {
        // Only the root can belong to nobody, and nothing but a directory conflicts with it.
        laid.entry.layerIndex.map { overlay.layerNames[$0] } ?? ""
    }
}

extension LayerWalk.Entry {
    fileprivate func going(to path: TreePath) -> LayerWalk.Entry {
        var moved = self
        moved.path = path
        return moved
    }
}
