internal import Trees

/// How many names each node of a tree has, and its number in an archive.
struct NodeNames {
    /// Of nodes that have more than one.
    let counts: [Int: Int]

    init(_ tree: MergedTree) {
        counts = tree.nameCounts
    }

    /// - Parameter index: position of the node in the tree.
    func count(of index: Int) -> Int { counts.isEmpty ? 1 : counts[index] ?? 1 }

    /// From 1, in the order of the nodes' first names.
    func inode(of index: Int) -> UInt32 { UInt32(index) + 1 }
}
