/// One walk over two sorted lists: what is merged already, and what a layer adds. What a layer
/// whites out or replaces is a range of the list below, so nothing is searched for.
struct MergeWalk {
    /// Without places until the walk is finished.
    var overlay: Overlay
    private let lower: PlaceList
    private let laid: LaidLayer
    /// What the layer deletes of the lower list; nothing once the list holds files of its own.
    private let deletions: Deletions
    /// Whether the layer may have several entries for one path, as those that a link brings together.
    private let mayRepeat: Bool
    private var result: [PlaceList.Place] = []
    private var position = 0
    /// What stands below another layer's symbolic link, with the path it is to go to.
    private(set) var detours: [LayerWalk.Entry] = []

    /// Of the lower list: everything below this is dropped.
    private var dropped: TreePath?
    /// Of the layer: everything below the first goes below the second.
    private var detour: (from: TreePath, to: TreePath)?

    init(
        _ overlay: Overlay, _ layer: LaidLayer, deletions: Deletions, mayRepeat: Bool
    ) {
        self.mayRepeat = mayRepeat
        lower = overlay.list
        laid = layer
        self.deletions = deletions
        self.overlay = overlay
        self.overlay.list = PlaceList()
        result.reserveCapacity(lower.places.count + layer.layer.entries.count)
    }

    /// Takes the next entry of the layer.
    mutating func take(_ upper: LayerWalk.Entry) throws(TreeError) {
        if let detour, detour.from.contains(upper.path) {
            detours.append(upper.going(to: upper.path.moved(from: detour.from, to: detour.to)))
            return
        }
        keepLower(before: upper.path)
        if let below = lowerPlace(at: upper.path) {
            try lay(upper, over: below)
        } else if mayRepeat, let last = result.last, compare(last, to: upper.path) == .same {
            try layOverOwn(upper)
        } else {
            append(upper, hiding: [])
        }
    }

    /// The layer has nothing more: the overlay has its places again.
    mutating func finish() {
        keepLower(before: nil)
        swap(&overlay.list.places, &result)
    }

    // MARK: The list below

    /// Takes over what the lower list has before a path, as far as it is not dropped.
    private mutating func keepLower(before path: TreePath?) {
        let end =
            path.map { lower.lowerBound(of: $0, in: overlay.laid, from: position) }
            ?? lower.places.count
        if dropped == nil, deletions.isEmpty {
            result += lower.places[position..<end]
        } else {
            for next in lower.places[position..<end] where !isDropped(next) { result.append(next) }
        }
        position = end
    }

    /// What stands in the lower list at a path; nil where it is dropped or nothing is there.
    private mutating func lowerPlace(at path: TreePath) -> PlaceList.Place? {
        guard position < lower.places.count, compare(lower.places[position], to: path) == .same
        else { return nil }
        position += 1
        return isDropped(lower.places[position - 1]) ? nil : lower.places[position - 1]
    }

    private func compare(_ place: PlaceList.Place, to path: TreePath) -> TreePath.Order {
        overlay.laid.compare(place.entry, to: path)
    }

    private mutating func isDropped(_ place: PlaceList.Place) -> Bool {
        if dropped == nil, deletions.isEmpty { return false }
        let path = overlay.laid.path(of: place.entry)
        if let dropped, dropped.contains(path) {
            if path != dropped { remove(place) }
            return path != dropped
        }
        dropped = nil
        if deletions.paths.contains(path) {
            dropped = path
            remove(place)
            return true
        }
        if deletions.contents.contains(path) { dropped = path }
        return false
    }

    private mutating func remove(_ place: PlaceList.Place) {
        // A directory that only bake made for others is nobody's loss.
        guard let owner = overlay.laid.layerIndex(of: place.entry) else { return }
        overlay.removals.append(
            .init(
                path: overlay.laid.path(of: place.entry), layerIndex: owner,
                byLayerIndex: laid.index))
    }

    // MARK: One over the other

    private mutating func lay(
        _ upper: LayerWalk.Entry, over below: PlaceList.Place
    ) throws(TreeError) {
        let path = upper.path
        switch (overlay.laid[below.node].kind, upper.isDirectory) {
        case (.directory, true):
            result.append(below)
            layDirectory(upper)
        case (.symlink(let target), true):
            if let destination = LinkResolution(lower, overlay.laid, laid, deletions)
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
                append(upper, hiding: hidden(by: below))
            }
        case (.directory, false), (_, true):
            try checkConflict(upper, below)
            dropped = path
            append(upper, hiding: hidden(by: below))
        default:
            if overlay.laid.layerIndex(of: below.entry) == laid.index {
                layTwin(upper, over: below)
            } else {
                append(upper, hiding: hidden(by: below))
            }
        }
    }

    /// One layer's two files for one place, brought together by a link: the later in its order
    /// counts.
    private mutating func layTwin(_ upper: LayerWalk.Entry, over below: PlaceList.Place) {
        let winner = max(upper.source, overlay.laid.source(of: below.entry))
        overlay.notes.append(
            .twoFilesForOnePlace(path: upper.path, winner: winner, layer: laid.layer.name))
        if winner == upper.source {
            append(upper, hiding: overlay.hidden[below.entry] ?? [])
        } else {
            result.append(below)
        }
    }

    /// Two entries of the incoming list at one path.
    private mutating func layOverOwn(_ upper: LayerWalk.Entry) throws(TreeError) {
        let below = result.removeLast()
        switch (overlay.laid.isDirectory(below.node), upper.isDirectory) {
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
        guard upper.node != nil, let below = result.last else { return }
        let isOwn = overlay.laid.layerIndex(of: below.entry) == laid.index
        if isOwn, upper.source < overlay.laid.source(of: below.entry) { return }
        result.removeLast()
        append(upper, hiding: overlay.hidden[below.entry] ?? [])
    }

    private mutating func append(_ upper: LayerWalk.Entry, hiding hidden: [Int]) {
        let place = overlay.place(upper, laid)
        result.append(place)
        if !hidden.isEmpty { overlay.hidden[place.entry] = hidden }
    }

    private func hidden(by below: PlaceList.Place) -> [Int] {
        (overlay.hidden[below.entry] ?? [])
            + [overlay.laid.layerIndex(of: below.entry)].compactMap { $0 }
    }

    // MARK: Conflicts

    private mutating func checkConflict(
        _ upper: LayerWalk.Entry, _ below: PlaceList.Place
    ) throws(TreeError) {
        guard overlay.conflictRule == .replace else { throw conflict(upper, below) }
        overlay.notes.append(
            .replaced(
                path: upper.path, kind: overlay.laid[below.node].kind.noun,
                lower: name(of: below), upper: laid.layer.name))
    }

    private func conflict(_ upper: LayerWalk.Entry, _ below: PlaceList.Place) -> TreeError {
        .typeConflict(
            path: upper.path, lower: name(of: below),
            lowerKind: overlay.laid[below.node].kind.noun, upper: laid.layer.name,
            upperKind: (upper.node.map { overlay.laid[$0].kind } ?? .directory).noun)
    }

    private func name(of place: PlaceList.Place) -> String {
        // Only the root can belong to nobody, and nothing but a directory conflicts with it.
        overlay.laid.layerIndex(of: place.entry).map { overlay.layerNames[$0] } ?? ""
    }
}

extension LayerWalk.Entry {
    fileprivate func going(to path: TreePath) -> LayerWalk.Entry {
        var moved = self
        moved.path = path
        return moved
    }
}
