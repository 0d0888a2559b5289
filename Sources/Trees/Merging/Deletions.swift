/// What a layer deletes of the layers below it, at the places where that stands in the merged tree:
/// a whiteout of `bin/tool` means `usr/bin/tool` where a lower `bin` is a link to `usr/bin`.
struct Deletions {
    /// Deleted with all they hold.
    private(set) var paths: Set<TreePath> = []
    /// Directories that are emptied.
    private(set) var contents: Set<TreePath> = []
    /// Whiteouts that delete nothing, as the layer names them, sorted.
    private(set) var vain: [TreePath] = []

    init() {}

    init(of layer: Layer, in lower: PlaceList, _ laid: LaidLayers) {
        let resolution = LinkResolution(lower, laid)
        for whiteout in layer.whiteouts.sorted() {
            guard let parent = whiteout.parent, let place = resolution.directory(at: parent),
                resolution.hasLower(place.appending(whiteout.name))
            else {
                vain.append(whiteout)
                continue
            }
            paths.insert(place.appending(whiteout.name))
        }
        for directory in layer.opaqueDirectories {
            if let place = resolution.directory(at: directory) { contents.insert(place) }
        }
    }

    var isEmpty: Bool { paths.isEmpty && contents.isEmpty }

    /// Whether a path of the lower list is deleted, by itself or with a directory it stands in.
    func delete(_ path: TreePath) -> Bool {
        if paths.contains(path) { return true }
        var above = path.parent
        while let directory = above {
            if paths.contains(directory) || contents.contains(directory) { return true }
            above = directory.parent
        }
        return false
    }
}
