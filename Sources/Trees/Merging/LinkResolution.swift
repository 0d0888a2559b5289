/// Where a symbolic link of the merged tree leads, seen from inside: `..` of the root is the root,
/// an absolute target starts there. The layer that is being laid counts as laid: its own
/// directories may be what the link means.
struct LinkResolution {
    /// As many links as Linux follows (path_resolution(7)).
    private static let linkLimit = 40

    private let lower: PlaceList
    private let laid: LaidLayers
    private let layer: LaidLayer?
    private let deletions: Deletions

    /// - Parameter layer: nil to see the lower list alone.
    init(
        _ lower: PlaceList, _ laid: LaidLayers, _ layer: LaidLayer? = nil,
        _ deletions: Deletions = Deletions()
    ) {
        self.lower = lower
        self.laid = laid
        self.layer = layer
        self.deletions = deletions
    }

    /// The directory a path leads to; nil when it leads to none.
    func directory(at path: TreePath) -> TreePath? {
        var linksLeft = Self.linkLimit
        var current = TreePath.root
        var pending = Array(path.components.map(Bytes.init).reversed())
        while let name = pending.popLast() {
            if name == [UInt8(ascii: ".")] { continue }
            if name == [UInt8(ascii: "."), UInt8(ascii: ".")] {
                current = current.parent ?? .root
                continue
            }
            let next = current.appending(name)
            switch kind(at: next) {
            case .directory?:
                current = next
            case .symlink(let target)? where linksLeft > 0:
                linksLeft -= 1
                if target.first == UInt8(ascii: "/") { current = .root }
                pending += target.split(separator: UInt8(ascii: "/")).map(Bytes.init).reversed()
            default:
                return nil
            }
        }
        return current
    }

    /// What the layer has where it hides what is below, else what is below.
    private func kind(at path: TreePath) -> Node.Kind? {
        let own = layer?.layer[path]?.kind
        if let own, own != .directory { return own }
        return lowerKind(at: path) ?? own
    }

    /// Whether the lower list has anything at a path.
    func hasLower(_ path: TreePath) -> Bool { lowerKind(at: path) != nil }

    private func lowerKind(at path: TreePath) -> Node.Kind? {
        guard let place = lower.place(at: path, in: laid), !deletions.delete(path) else {
            return nil
        }
        return laid[place.node].kind
    }
}
