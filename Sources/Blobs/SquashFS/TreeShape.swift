internal import Trees

/// Who stands in which directory, and how many names an inode has: what the sorted list of paths
/// says implicitly. Positions are those of `MergedTree.entries`.
struct TreeShape {
    private static let none: Int32 = -1
    /// First entry of a directory, then from each entry to the next of the same directory, by name.
    private var firstChild: [Int32]
    private var nextSibling: [Int32]
    private(set) var parents: [Int32]
    /// Of each inode of the tree.
    private(set) var nameCounts: [UInt32]

    init(_ tree: MergedTree) {
        let count = tree.entries.count
        firstChild = Array(repeating: Self.none, count: count)
        nextSibling = firstChild
        parents = firstChild
        nameCounts = Array(repeating: 0, count: tree.nodes.count)
        // The directories above the current entry, and how long their paths are. A depth-first walk
        // leaves them from the top; each is longer than the one above it, so its length tells.
        var above: [(position: Int, byteCount: Int)] = []
        for (position, entry) in tree.entries.enumerated() {
            nameCounts[entry.nodeIndex] += 1
            let byteCount = entry.path.parentByteCount
            while let last = above.last, last.byteCount != byteCount { above.removeLast() }
            parents[position] = above.last.map { Int32($0.position) } ?? Self.none
            if tree.nodes[entry.nodeIndex].isDirectory {
                above.append((position, entry.path.bytes.count))
            }
        }
        // Backwards, so that each list comes out forwards.
        for position in stride(from: count - 1, to: 0, by: -1) {
            let parent = Int(parents[position])
            nextSibling[position] = firstChild[parent]
            firstChild[parent] = Int32(position)
        }
    }

    func forEachChild(
        of directory: Int, _ body: (Int) throws(BlobError) -> Void
    ) throws(BlobError) {
        var child = firstChild[directory]
        while child != Self.none {
            try body(Int(child))
            child = nextSibling[Int(child)]
        }
    }
}
