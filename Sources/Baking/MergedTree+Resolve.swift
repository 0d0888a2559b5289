internal import Trees

/// What a path of the guest leads to.
enum Resolution {
    case found(TreePath, Node)
    /// Nothing is there; the first path that is missing.
    case missing(TreePath)
    /// More symbolic links than the kernel follows (path_resolution(7): 40).
    case tooManyLinks
}

extension MergedTree {
    private static let linkLimit = 40

    /// Follows a path as a program in the guest would: links included, absolute ones from the
    /// tree's root, `..` never above it.
    func resolve(_ path: Bytes) -> Resolution {
        var pending = Array(path.split(separator: UInt8(ascii: "/")).reversed())
        var place = TreePath.root
        var linkCount = 0
        while let component = pending.popLast() {
            if component.elementsEqual(".".utf8) { continue }
            if component.elementsEqual("..".utf8) {
                place = place.parent ?? .root
                continue
            }
            let next = place.appending(component)
            guard let node = self[next] else { return .missing(next) }
            guard case .symlink(let target) = node.kind else {
                place = next
                continue
            }
            linkCount += 1
            guard linkCount <= Self.linkLimit else { return .tooManyLinks }
            if target.first == UInt8(ascii: "/") { place = .root }
            pending += target.split(separator: UInt8(ascii: "/")).reversed()
        }
        return self[place].map { .found(place, $0) } ?? .missing(place)
    }

    subscript(path: TreePath) -> Node? {
        entry(at: path).map { node(of: $0) }
    }

    func entry(at path: TreePath) -> Entry? {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].path < path { low = middle + 1 } else { high = middle }
        }
        return low < entries.count && entries[low].path == path ? entries[low] : nil
    }
}
