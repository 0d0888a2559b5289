/// What stands where in a tree while it is merged and after: entries sorted by path, by their
/// numbers alone.
struct PlaceList: Sendable {
    struct Place: Sendable {
        var entry: LaidLayers.EntryID
        var node: LaidLayers.NodeID
    }

    var places: [Place] = []

    /// Position of the first path that is not before this one.
    ///
    /// - Parameter start: a position that is not behind it.
    func lowerBound(of path: TreePath, in laid: LaidLayers, from start: Int = 0) -> Int {
        laid.lowerBound(of: path, from: start, count: places.count) { places[$0].entry }
    }

    /// What stands at a path.
    func place(at path: TreePath, in laid: LaidLayers) -> Place? {
        let position = lowerBound(of: path, in: laid)
        guard position < places.count, laid.compare(places[position].entry, to: path) == .same
        else { return nil }
        return places[position]
    }
}
