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
    public internal(set) var nodes: NodeList
    /// Sorted by path, paths unique.
    public internal(set) var entries: EntryList
    public var notes: [Note]
    /// Paths of lower layers that this one deletes, with all they hold, before its own files come.
    public var whiteouts: Set<TreePath> = []
    /// Directories of this layer that hide what lower layers have in them.
    public var opaqueDirectories: Set<TreePath> = []
    /// Why files are there, where that is more than that somebody named the tree.
    public var reasons: [TreePath: Reason] = [:]

    /// That none of its files only says what to delete is known since it was read.
    var hasNoWhiteouts = false
    /// Where what is known of very many files may be put (`ScanOptions.scratch`).
    var scratch: Scratch?

    public init(name: String) {
        self.init(name: name, nodes: [], entries: [], notes: [])
    }

    /// Entries in any order; of two with one path the later counts.
    public init(
        name: String, nodes: [Node], entries: some Sequence<Entry>, notes: [Note] = []
    ) {
        self.name = name
        self.nodes = NodeList(nodes)
        self.notes = notes
        var sorted: [Entry] = []
        sorted.reserveCapacity(entries.underestimatedCount)
        // `sorted` keeps the order of equal elements, and is linear for what is sorted already.
        for entry in entries.sorted(by: { $0.path < $1.path }) {
            if sorted.last?.path == entry.path { sorted.removeLast() }
            sorted.append(entry)
        }
        self.entries = EntryList(sorted)
    }

    /// Puts a node at a path, in place of what this layer had there.
    public mutating func add(_ node: Node, at path: TreePath) {
        hasNoWhiteouts = false
        nodes.append(node)
        entries.place(Entry(path: path, nodeIndex: nodes.count - 1))
    }

    /// Gives a node of this layer one more name.
    /// - Precondition: this layer has something at `existing`.
    public mutating func link(_ path: TreePath, to existing: TreePath) {
        guard let index = nodeIndex(at: existing) else {
            preconditionFailure("nothing at \(existing) to link to")
        }
        hasNoWhiteouts = false
        entries.place(Entry(path: path, nodeIndex: index))
    }

    public subscript(path: TreePath) -> Node? {
        nodeIndex(at: path).map { nodes[$0] }
    }

    private func nodeIndex(at path: TreePath) -> Int? {
        entries.position(of: path).map { entries[$0].nodeIndex }
    }

    /// The same layer without nodes that no path leads to; the others stand in the order of their
    /// first names.
    var withoutUnusedNodes: Layer {
        var positions = [Int32](repeating: -1, count: nodes.count)
        var used = Packer<Node>(spillingTo: scratch)
        let renumbered = repacked { entry in
            if positions[entry.nodeIndex] < 0 {
                positions[entry.nodeIndex] = Int32(used.count)
                used.append(nodes[entry.nodeIndex])
            }
            return Entry(path: entry.path, nodeIndex: Int(positions[entry.nodeIndex]))
        }
        var layer = self
        layer.entries = renumbered
        layer.nodes = NodeList(used.finish())
        return layer
    }

    /// The entries as `body` makes them, which keeps their order; without those it makes nothing
    /// of.
    func repacked(_ body: (Entry) -> Entry?) -> EntryList {
        var packer = Packer<Entry>(spillingTo: scratch)
        for entry in entries {
            if let entry = body(entry) { packer.append(entry) }
        }
        return EntryList(packer.finish())
    }
}
