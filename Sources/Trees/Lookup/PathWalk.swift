/// A path followed to its end as a program in the tree would follow it: symbolic links included,
/// absolute ones from the tree's root, `..` never above it (openat2(2), RESOLVE_IN_ROOT).
public struct PathWalk: Sendable {
    /// A symbolic link that was followed.
    public struct Link: Sendable {
        public let path: TreePath
        public let node: Node
        /// The last component was this link, as opposed to a directory on the way.
        public let isFinal: Bool
    }

    public enum End: Sendable {
        case found(TreePath, Node)
        /// Nothing is there; the first path that is missing.
        case missing(TreePath)
        /// More symbolic links than the kernel follows (path_resolution(7): 40).
        case tooManyLinks
    }

    /// In the order in which they were followed.
    public private(set) var links: [Link] = []
    public private(set) var end = End.tooManyLinks

    private static let linkLimit = 40

    /// - Parameter nodeAt: what stands at a path, not following links.
    public init<Failure>(
        _ path: Bytes, lookingUp nodeAt: (TreePath) throws(Failure) -> Node?
    ) throws(Failure) {
        let slash = UInt8(ascii: "/")
        var pending = Array(path.split(separator: slash).reversed())
        var place = TreePath.root
        while let component = pending.popLast() {
            if component.elementsEqual(".".utf8) { continue }
            if component.elementsEqual("..".utf8) {
                place = place.parent ?? .root
                continue
            }
            guard !component.contains(0) else {
                end = .missing(place)
                return
            }
            let next = place.appending(component)
            guard let node = try nodeAt(next) else {
                end = .missing(next)
                return
            }
            guard case .symlink(let target) = node.kind else {
                place = next
                continue
            }
            links.append(Link(path: next, node: node, isFinal: pending.isEmpty))
            guard links.count <= Self.linkLimit else { return }
            if target.first == slash { place = .root }
            pending += target.split(separator: slash).reversed()
        }
        end = try nodeAt(place).map { .found(place, $0) } ?? .missing(place)
    }

    /// The regular file it ends at, when it does.
    public var file: (path: TreePath, node: Node, content: Node.Content)? {
        guard case .found(let path, let node) = end, case .regular(let content) = node.kind
        else { return nil }
        return (path, node, content)
    }
}

extension TreePath {
    /// As programs write it: from the root.
    public var absolute: Bytes { [UInt8(ascii: "/")] + bytes }
}

extension MergedTree {
    /// Follows a path as a program in the guest would.
    public func resolve(_ path: Bytes) -> PathWalk.End { PathWalk(path) { self[$0] }.end }
}
