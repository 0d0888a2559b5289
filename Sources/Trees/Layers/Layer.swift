/// One tree after it was read: paths, and the nodes behind them. Two paths with one node are
/// hard links.
///
/// A layer need not name the directories above its paths: laying it over others makes the missing
/// ones and leaves those that are there as they are.
public struct Layer: Sendable {
    public struct Entry: Sendable, Equatable {
        public let path: TreePath
        /// Position in `nodes`.
        public let nodeIndex: Int

        public init(path: TreePath, nodeIndex: Int) {
            self.path = path
            self.nodeIndex = nodeIndex
        }
    }

    /// As the user wrote it.
    public let name: String
    public internal(set) var nodes: [Node]
    /// Sorted by path, paths unique.
    public internal(set) var entries: [Entry]
    public var notes: [Note]
    /// Paths of lower layers that this one deletes, with all they hold, before its own files come.
    public var whiteouts: Set<TreePath> = []
    /// Directories of this layer that hide what lower layers have in them.
    public var opaqueDirectories: Set<TreePath> = []
    /// Why files are there, where that is more than that somebody named the tree.
    public var reasons: [TreePath: Reason] = [:]

    public init(name: String) {
        self.init(name: name, nodes: [], entries: [], notes: [])
    }

    /// Entries in any order; of two with one path the later counts.
    public init(name: String, nodes: [Node], entries: [Entry], notes: [Note] = []) {
        self.name = name
        self.nodes = nodes
        self.notes = notes
        self.entries = []
        self.entries.reserveCapacity(entries.count)
        // `sorted` keeps the order of equal elements, and is linear for what is sorted already.
        for entry in entries.sorted(by: { $0.path < $1.path }) {
            if self.entries.last?.path == entry.path { self.entries.removeLast() }
            self.entries.append(entry)
        }
    }

    /// Puts a node at a path, in place of what this layer had there.
    public mutating func add(_ node: Node, at path: TreePath) {
        nodes.append(node)
        place(Entry(path: path, nodeIndex: nodes.count - 1))
    }

    /// Gives a node of this layer one more name.
    /// - Precondition: this layer has something at `existing`.
    public mutating func link(_ path: TreePath, to existing: TreePath) {
        guard let position = position(of: existing) else {
            preconditionFailure("nothing at \(existing) to link to")
        }
        place(Entry(path: path, nodeIndex: entries[position].nodeIndex))
    }

    public subscript(path: TreePath) -> Node? {
        nodeIndex(at: path).map { nodes[$0] }
    }

    func nodeIndex(at path: TreePath) -> Int? {
        position(of: path).map { entries[$0].nodeIndex }
    }

    /// The same layer without nodes that no path leads to; the others stand in the order of their
    /// first names.
    var withoutUnusedNodes: Layer {
        var layer = self
        var positions = [Int?](repeating: nil, count: nodes.count)
        layer.nodes = []
        for index in layer.entries.indices {
            let old = layer.entries[index].nodeIndex
            if positions[old] == nil {
                positions[old] = layer.nodes.count
                layer.nodes.append(nodes[old])
            }
            layer.entries[index] = Entry(path: entries[index].path, nodeIndex: positions[old]!)
        }
        return layer
    }

    private mutating func place(_ entry: Entry) {
        let position = lowerBound(of: entry.path)
        if position < entries.count, entries[position].path == entry.path {
            entries[position] = entry
        } else {
            entries.insert(entry, at: position)
        }
    }

    private func position(of path: TreePath) -> Int? {
        let position = lowerBound(of: path)
        return position < entries.count && entries[position].path == path ? position : nil
    }

    private func lowerBound(of path: TreePath) -> Int {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].path < path { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
