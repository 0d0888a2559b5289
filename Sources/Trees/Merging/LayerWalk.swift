/// A layer's paths as the merge walks over them: sorted, with the directories that the layer only
/// implies, one at a time.
struct LayerWalk {
    struct Entry {
        /// Where it is to stand in the merged tree.
        var path: TreePath
        /// Where it stands in the layer.
        let source: TreePath
        /// Nil for an implied directory, which is no entry and has no node.
        let entry: LaidLayers.EntryID?
        let node: LaidLayers.NodeID?
        let isDirectory: Bool
        /// Of a file with several names.
        let identity: HostIdentity?
    }

    private let laid: LaidLayer
    /// The next of the layer's entries.
    private var position = 0
    /// Directories above the current path, the root left out.
    private var above: [TreePath] = []
    /// Directories to come before the next entry, innermost first.
    private var implied: [TreePath] = []
    private var last: Entry?

    init(of laid: LaidLayer) {
        self.laid = laid
    }

    /// - Parameter layers: of which the layer is the last.
    /// - Throws: `typeConflict` where the layer has something below what is no directory.
    mutating func next(_ layers: LaidLayers) throws(TreeError) -> Entry? {
        guard position < laid.layer.entries.count else { return nil }
        let entry = laid.layer.entries[position]
        if implied.isEmpty {
            while let last = above.last, !last.contains(entry.path) { above.removeLast() }
            implied = Self.implied(above: entry.path, below: above.last ?? .root)
        }
        let next: Entry
        if let path = implied.popLast() {
            if let last, last.path == path {
                throw .typeConflict(
                    path: path, lower: laid.layer.name,
                    lowerKind: layers[last.node!].kind.noun, upper: laid.layer.name,
                    upperKind: Node.Kind.directory.noun)
            }
            next = Entry(
                path: path, source: path, entry: nil, node: nil, isDirectory: true, identity: nil)
        } else {
            let (isDirectory, identity) = laid.layer.nodes.facts(at: entry.nodeIndex)
            next = Entry(
                path: entry.path, source: entry.path, entry: layers.entry(position),
                node: layers.node(entry.nodeIndex), isDirectory: isDirectory, identity: identity)
            position += 1
        }
        if next.isDirectory, !next.path.isRoot { above.append(next.path) }
        last = next
        return next
    }

    /// In the order of their new paths; of one path the last in the layer's own order counts, so
    /// that stands last.
    static func sorted(_ entries: [Entry]) -> [Entry] {
        entries.sorted { left, right in
            left.path == right.path ? left.source < right.source : left.path < right.path
        }
    }

    /// The directories between one that is known and a path below it, innermost first.
    private static func implied(above path: TreePath, below known: TreePath) -> [TreePath] {
        var missing: [TreePath] = []
        var next = path
        while next.parentByteCount > known.bytes.count, let parent = next.parent {
            missing.append(parent)
            next = parent
        }
        return missing
    }
}

extension TreePath {
    /// Bytes of the path of the directory it stands in.
    public var parentByteCount: Int { bytes.lastIndex(of: UInt8(ascii: "/")) ?? 0 }

    /// Whether the other path is this one or stands below it.
    public func contains(_ other: TreePath) -> Bool {
        if isRoot { return true }
        let count = bytes.count
        guard other.bytes.count >= count else { return false }
        guard other.bytes.count == count || other.bytes[count] == UInt8(ascii: "/") else {
            return false
        }
        return bytes.withUnsafeBytes { own in
            other.bytes.withUnsafeBytes { $0.prefix(count).elementsEqual(own) }
        }
    }

    /// The path with the directory `old`, in which it stands or which it is, moved to `new`.
    ///
    /// - Precondition: `old.contains(self)`.
    public func moved(from old: TreePath, to new: TreePath) -> TreePath {
        let rest = bytes.dropFirst(old.isRoot ? 0 : old.bytes.count + 1)
        return rest.isEmpty ? new : new.appending(rest)
    }
}
