internal import Trees

/// Who stands in which directory, and which nodes have several names: what the sorted list of paths
/// says implicitly. Kept of directories alone, for most entries are none.
struct TreeShape {
    struct Directory {
        /// In `MergedTree.entries`: where it stands, and the first entry that is not below it.
        let position: Int32
        fileprivate(set) var end: Int32
        /// In `directories`: the one above it, negative for the root, and the first one that is not
        /// below it.
        let parent: Int32
        fileprivate(set) var next: Int32
    }

    /// In the order of the entries.
    private(set) var directories: [Directory] = []
    /// Of nodes with more than one.
    private let nameCounts: [Int: Int]

    init(_ tree: MergedTree) {
        nameCounts = tree.nameCounts
        // The directories above the current entry, and how long their paths are. A depth-first walk
        // leaves them from the top; each is longer than the one above it, so its length tells.
        var above: [(directory: Int, byteCount: Int)] = []
        directories.reserveCapacity(tree.nodes.indices.count { tree.isDirectory(node: $0) })
        for position in tree.entries.indices {
            let byteCounts = tree.entries.pathByteCounts(at: position)
            while let last = above.last, last.byteCount != byteCounts.parent {
                close(last.directory, at: position)
                above.removeLast()
            }
            guard tree.isDirectory(node: tree.entries.nodeIndex(at: position)) else { continue }
            let parent = above.last?.directory ?? -1
            above.append((directories.count, byteCounts.path))
            directories.append(
                Directory(position: Int32(position), end: 0, parent: Int32(parent), next: 0))
        }
        for (directory, _) in above { close(directory, at: tree.entries.count) }
    }

    private mutating func close(_ directory: Int, at position: Int) {
        directories[directory].end = Int32(position)
        directories[directory].next = Int32(directories.count)
    }

    /// - Parameter directory: position in `directories`.
    func entry(ofDirectory directory: Int, in tree: MergedTree) -> MergedTree.Entry {
        tree.entries[Int(directories[directory].position)]
    }

    func nameCount(ofNode index: Int) -> UInt32 {
        nameCounts.isEmpty ? 1 : UInt32(nameCounts[index] ?? 1)
    }

    /// By name.
    ///
    /// - Parameters:
    ///   - directory: position in `directories`.
    ///   - body: gets the position of an entry and, of a directory, that in `directories`.
    func forEachChild(
        of directory: Int, _ body: (_ position: Int, _ directory: Int?) throws(BlobError) -> Void
    ) throws(BlobError) {
        let end = Int(directories[directory].end)
        var position = Int(directories[directory].position) + 1
        var below = directory + 1
        while position < end {
            if below < directories.count, directories[below].position == position {
                try body(position, below)
                position = Int(directories[below].end)
                below = Int(directories[below].next)
            } else {
                try body(position, nil)
                position += 1
            }
        }
    }
}
