internal import Trees

/// Where every file of an image came from: what `bake why` knows.
///
/// Layers are named by what they are and their number, never by the path they were read from: the
/// same inputs under another path make the same image. Its form in the image:
/// docs/image-format.md, *Provenance*.
struct Provenance: Sendable, Equatable {
    struct Layer: Sendable, Hashable {
        let origin: LayerOrigin
        /// What else is known of it and the same everywhere: `bookworm: nginx`, `sha256:...`.
        let detail: String

        init(_ origin: LayerOrigin, detail: String = "") {
            self.origin = origin
            self.detail = detail
        }
    }

    /// This path, and those behind it up to the next run, come from one layer.
    struct Run: Sendable, Hashable {
        let first: TreePath
        /// Position in `layers`; nil for what no layer names.
        let layer: Int?
    }

    struct Hidden: Sendable, Hashable {
        let path: TreePath
        /// Ascending.
        let layers: [Int]
    }

    struct Removal: Sendable, Hashable {
        let path: TreePath
        let layer: Int
        let byLayer: Int
    }

    struct Explained: Sendable, Hashable {
        let path: TreePath
        let reason: Reason
    }

    /// Lowest first.
    var layers: [Layer] = []
    /// Sorted by path, as are all others.
    var runs: [Run] = []
    var hidden: [Hidden] = []
    var removals: [Removal] = []
    var reasons: [Explained] = []

    init() {}

    /// - Parameter layers: as many as the tree has, in its order.
    init(of tree: MergedTree, layers: [Layer]) {
        precondition(layers.count == tree.layerNames.count)
        self.layers = layers
        for index in tree.entries.indices {
            let layer = tree.entries.layerIndex(at: index)
            if runs.isEmpty || runs.last?.layer != layer {
                runs.append(Run(first: tree.entries[index].path, layer: layer))
            }
        }
        hidden = tree.entries.hiding.map { Hidden(path: $0.path, layers: $0.hiddenLayerIndices) }
        removals = tree.removals
            .map { Removal(path: $0.path, layer: $0.layerIndex, byLayer: $0.byLayerIndex) }
            .sorted { ($0.path, $0.layer, $0.byLayer) < ($1.path, $1.layer, $1.byLayer) }
        reasons = tree.reasons.map { Explained(path: $0, reason: $1) }
            .sorted { $0.path < $1.path }
    }

    /// Which layer gave a path of the image; nil when no layer names it.
    /// - Precondition: the path is in the image.
    func layer(of path: TreePath) -> Int? {
        let next = runs.partitioningIndex { $0.first > path }
        return next == 0 ? nil : runs[next - 1].layer
    }

    /// The layers whose file the path hides.
    func hiddenLayers(at path: TreePath) -> [Int] {
        let position = hidden.partitioningIndex { $0.path >= path }
        return position < hidden.count && hidden[position].path == path
            ? hidden[position].layers : []
    }

    /// What was taken away at the path.
    func removals(at path: TreePath) -> [Removal] {
        let position = removals.partitioningIndex { $0.path >= path }
        return Array(removals[position...].prefix { $0.path == path })
    }

    func reason(for path: TreePath) -> Reason? {
        let position = reasons.partitioningIndex { $0.path >= path }
        return position < reasons.count && reasons[position].path == path
            ? reasons[position].reason : nil
    }

    /// From the path to what somebody asked for: each needed by the next.
    func chain(from path: TreePath) -> [(path: TreePath, reason: Reason)] {
        var chain: [(path: TreePath, reason: Reason)] = []
        var seen: Set<TreePath> = []
        var place = path
        while let reason = reason(for: place), seen.insert(place).inserted {
            chain.append((place, reason))
            guard case .needed(let by, _) = reason else { break }
            place = by
        }
        return chain
    }
}
