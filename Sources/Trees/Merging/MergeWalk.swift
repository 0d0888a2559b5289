/// One walk over two sorted lists: what is merged already, and what a layer adds. What a layer
/// whites out or replaces is a range of the list below, so nothing is searched for.
struct MergeWalk {
    /// Without entries until the walk is finished.
    var overlay: Overlay
    private let lower: [MergedTree.Entry]
    private let laid: LaidLayer
    /// What the layer deletes of the lower list; nothing once the list holds files of its own.
    private let deletions: Deletions
    private var result: [MergedTree.Entry] = []
    private var position = 0
    /// What stands below another layer's symbolic link, with the path it is to go to.
    private(set) var detours: [LayerWalk.Entry] = []

    /// Of the lower list: everything below this is dropped.
    private var dropped: TreePath?
    /// Of the layer: everything below the first goes below the second.
    private var detour: (from: TreePath, to: TreePath)?

    init(_ overlay: Overlay, _ layer: LaidLayer, deletions: Deletions) {
        lower = overlay.entries
        laid = layer
        self.deletions = deletions
        self.overlay = overlay
        self.overlay.entries = []
        result.reserveCapacity(lower.count + layer.layer.entries.count)
    }

    /// Takes the next entry of the layer.
    mutating func take(_ upper: LayerWalk.Entry) throws(TreeError) {
        if let detour, detour.from.contains(upper.path) {
            detours.append(upper.going(to: upper.path.moved(from: detour.from, to: detour.to)))
            return
        }
        keepLower(before: upper.path)
        if let below = lowerEntry(at: upper.path) {
            try lay(upper, over: below)
        } else if let last = result.last, last.path == upper.path {
            try layOverOwn(upper)
        } else {
            append(upper, hidden: [])
        }
    }

    /// The layer has nothing more: the overlay has its entries again.
    mutating func finish() {
        keepLower(before: nil)
        swap(&overlay.entries, &result)
    }

    // MARK: The list below

    /// Takes over what the lower list has before a path, as far as it is not dropped.
    private mutating func keepLower(before path: TreePath?) {
        while position < lower.count {
            let next = lower[position]
            if let path, !(next.path < path) { return }
            position += 1
            if isDropped(next) { continue }
            result.append(next)
        }
    }

    /// What stands in the lower list at a path; nil where it is dropped or nothing is there.
    private mutating func lowerEntry(at path: TreePath) -> MergedTree.Entry? {
        guard position < lower.count, lower[position].path == path else { return nil }
        position += 1
        return isDropped(lower[position - 1]) ? nil : lower[position - 1]
    }

    private mutating func isDropped(_ entry: MergedTree.Entry) -> Bool {
        let path = entry.path
        if let dropped, dropped.contains(path) {
            if path != dropped { remove(entry) }
            return path != dropped
        }
        dropped = nil
        if deletions.paths.contains(path) {
            dropped = path
            remove(entry)
            return true
        }
        if deletions.contents.contains(path) { dropped = path }
        return false
    }

    private mutating func remove(_ entry: MergedTree.Entry) {
        // A directory that only bake made for others is nobody's loss.
        guard let owner = entry.layerIndex else { return }
        overlay.removals.append(
            .init(path: entry.path, layerIndex: owner, byLayerIndex: laid.index))
    }

    // MARK: One over the other

    private mutating func lay(
        _ upper: LayerWalk.Entry, over below: MergedTree.Entry
    ) throws(TreeError) {
        let path = upper.path
        switch (overlay.nodes[below.nodeIndex].kind, upper.isDirectory) {
        case (.directory, true):
            result.append(below)
            layDirectory(upper)
        case (.symlink(let target), true):
            if let destination = LinkResolution(lower, overlay.nodes, laid, deletions)
                .directory(at: path)
            {
                overlay.notes.append(
                    .followedLink(
                        path: upper.source, to: destination, lower: name(of: below),
                        upper: laid.layer.name))
                result.append(below)
                detour = (path, destination)
                detours.append(upper.going(to: destination))
            } else {
                overlay.notes.append(
                    .replacedLink(
                        path: path, target: target, lower: name(of: below), upper: laid.layer.name))
                append(upper, hidden: hidden(by: below))
            }
        case (.directory, false), (_, true):
            try checkConflict(upper, below)
            dropped = path
            append(upper, hidden: hidden(by: below))
        default:
            if below.layerIndex == laid.index {
                layTwin(upper, over: below)
            } else {
                append(upper, hidden: hidden(by: below))
            }
        }
    }

    /// One layer's two files for one place, brought together by a link: the later in its order
    /// counts.
    private mutating func layTwin(_ upper: LayerWalk.Entry, over below: MergedTree.Entry) {
        let winner = max(upper.source, overlay.source(of: below))
        overlay.notes.append(
            .twoFilesForOnePlace(path: upper.path, winner: winner, layer: laid.layer.name))
        if winner == upper.source {
            append(upper, hidden: below.hiddenLayerIndices)
        } else {
            result.append(below)
        }
    }

    /// Two entries of the incoming list at one path.
    private mutating func layOverOwn(_ upper: LayerWalk.Entry) throws(TreeError) {
        let below = result.removeLast()
        switch (overlay.nodes[below.nodeIndex].isDirectory, upper.isDirectory) {
        case (true, true):
            result.append(below)
            layDirectory(upper)
        case (false, false): layTwin(upper, over: below)
        default: throw conflict(upper, below)
        }
    }

    /// A directory over the one that was appended last: its contents stay, its metadata is the
    /// later one's.
    private mutating func layDirectory(_ upper: LayerWalk.Entry) {
        guard upper.nodeIndex != nil else { return }
        let last = result.count - 1
        let isOwn = result[last].layerIndex == laid.index
        if isOwn, upper.source < overlay.source(of: result[last]) { return }
        result[last].nodeIndex = overlay.nodeIndex(of: upper)
        result[last].layerIndex = laid.index
        overlay.noteSource(of: upper)
    }

    private mutating func append(_ upper: LayerWalk.Entry, hidden: [Int]) {
        result.append(
            MergedTree.Entry(
                path: upper.path, nodeIndex: overlay.nodeIndex(of: upper), layerIndex: laid.index,
                hiddenLayerIndices: hidden))
        overlay.noteSource(of: upper)
    }

    private func hidden(by below: MergedTree.Entry) -> [Int] {
        below.hiddenLayerIndices + [below.layerIndex].compactMap { $0 }
    }

    // MARK: Conflicts

    private mutating func checkConflict(
        _ upper: LayerWalk.Entry, _ below: MergedTree.Entry
    ) throws(TreeError) {
        guard overlay.conflictRule == .replace else { throw conflict(upper, below) }
        overlay.notes.append(
            .replaced(
                path: upper.path, kind: kind(of: below).noun, lower: name(of: below),
                upper: laid.layer.name))
    }

    private func conflict(_ upper: LayerWalk.Entry, _ below: MergedTree.Entry) -> TreeError {
        .typeConflict(
            path: upper.path, lower: name(of: below), lowerKind: kind(of: below).noun,
            upper: laid.layer.name,
            upperKind: (upper.nodeIndex.map { overlay.nodes[$0].kind } ?? .directory).noun)
    }

    private func kind(of entry: MergedTree.Entry) -> Node.Kind {
        overlay.nodes[entry.nodeIndex].kind
    }

    private func name(of entry: MergedTree.Entry) -> String {
        // Only the root can belong to nobody, and nothing but a directory conflicts with it.
        entry.layerIndex.map { overlay.layerNames[$0] } ?? ""
    }
}

extension LayerWalk.Entry {
    fileprivate func going(to path: TreePath) -> LayerWalk.Entry {
        var moved = self
        moved.path = path
        return moved
    }
}
