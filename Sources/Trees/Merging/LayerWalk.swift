/// A layer's paths as the merge walks over them: sorted, with the directories that the layer only
/// implies.
enum LayerWalk {
    struct Entry {
        /// Where it is to stand in the merged tree.
        var path: TreePath
        /// Where it stands in the layer.
        let source: TreePath
        /// Position in the layer's nodes; nil for an implied directory.
        let nodeIndex: Int?
        let isDirectory: Bool
    }

    /// - Throws: `typeConflict` where the layer has something below what is no directory.
    static func entries(of layer: Layer) throws(TreeError) -> [Entry] {
        var entries: [Entry] = []
        entries.reserveCapacity(layer.entries.count + 1)
        // Directories above the current path, the root left out.
        var above: [TreePath] = []
        for entry in layer.entries {
            while let last = above.last, !last.contains(entry.path) { above.removeLast() }
            for path in implied(above: entry.path, below: above.last ?? .root) {
                if let last = entries.last, last.path == path {
                    throw .typeConflict(
                        path: path, lower: layer.name,
                        lowerKind: layer.nodes[last.nodeIndex!].kind.noun, upper: layer.name,
                        upperKind: Node.Kind.directory.noun)
                }
                entries.append(Entry(path: path, source: path, nodeIndex: nil, isDirectory: true))
                above.append(path)
            }
            let isDirectory = layer.nodes[entry.nodeIndex].isDirectory
            entries.append(
                Entry(
                    path: entry.path, source: entry.path, nodeIndex: entry.nodeIndex,
                    isDirectory: isDirectory))
            if isDirectory, !entry.path.isRoot { above.append(entry.path) }
        }
        return entries
    }

    /// In the order of their new paths; of one path the last in the layer's own order counts, so
    /// that stands last.
    static func sorted(_ entries: [Entry]) -> [Entry] {
        entries.sorted { left, right in
            left.path == right.path ? left.source < right.source : left.path < right.path
        }
    }

    /// The directories between one that is known and a path below it, outermost first.
    private static func implied(above path: TreePath, below known: TreePath) -> [TreePath] {
        var missing: [TreePath] = []
        var next = path
        while next.parentByteCount > known.bytes.count, let parent = next.parent {
            missing.append(parent)
            next = parent
        }
        return missing.reversed()
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
