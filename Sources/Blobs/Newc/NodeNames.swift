internal import Trees

/// How many names each node of a tree has, and its number in an archive.
struct NodeNames {
    /// Of each node of the tree.
    let counts: [UInt32]
    /// From 1, in the order of the nodes' first names: whatever the order in which nodes were read.
    let inodes: [UInt32]

    init(_ tree: MergedTree) {
        var counts = [UInt32](repeating: 0, count: tree.nodes.count)
        var inodes = counts
        var last: UInt32 = 0
        for entry in tree.entries {
            if counts[entry.nodeIndex] == 0 {
                last += 1
                inodes[entry.nodeIndex] = last
            }
            counts[entry.nodeIndex] += 1
        }
        self.counts = counts
        self.inodes = inodes
    }
}
