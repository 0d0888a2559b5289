/// All layers laid over each other, later wins.
public struct MergedTree: Sendable {
    public struct Entry: Sendable, Equatable {
        public let path: TreePath
        // Trees of a million entries are held several times over while layers are merged: 32 bits
        // each, as squashfs has for them.
        private var node: UInt32
        /// -1 for no layer.
        private var layer: Int32
        /// Positions in `layerNames`, ascending, of the layers whose file it hides.
        public var hiddenLayerIndices: [Int]

        init(path: TreePath, nodeIndex: Int, layerIndex: Int?, hiddenLayerIndices: [Int]) {
            self.path = path
            node = UInt32(nodeIndex)
            layer = layerIndex.map(Int32.init) ?? -1
            self.hiddenLayerIndices = hiddenLayerIndices
        }

        /// Position in `nodes`; hard links share it.
        public var nodeIndex: Int {
            get { Int(node) }
            set { node = UInt32(newValue) }
        }

        /// Position in `layerNames` of the layer it came from. For a directory that several
        /// layers have, the last of them. Nil for the root when no layer names it.
        public var layerIndex: Int? {
            get { layer < 0 ? nil : Int(layer) }
            set { layer = newValue.map(Int32.init) ?? -1 }
        }
    }

    /// What a later layer's whiteout, opaque directory or file in place of a directory took away.
    public struct Removal: Sendable, Hashable {
        public let path: TreePath
        /// Positions in `layerNames`: whose it was, and who took it away.
        public let layerIndex: Int
        public let byLayerIndex: Int
    }

    public struct Counts: Sendable, Equatable {
        public var directories = 0
        /// Regular files, each node once.
        public var files = 0
        public var symlinks = 0
        public var devices = 0
        /// Named pipes and sockets.
        public var others = 0
        /// Names beyond the first of a node.
        public var hardLinks = 0
        /// Files of lower layers that a later layer hides.
        public var hidden = 0
        /// Contents of regular files, each node once, holes included.
        public var contentByteCount: UInt64 = 0
    }

    /// Lowest first, as the user wrote them.
    public let layerNames: [String]
    public internal(set) var nodes: [Node]
    /// Sorted by path, which is a depth-first walk; the first is the root. The directory of every
    /// entry is an entry.
    public internal(set) var entries: [Entry]
    /// What the layers had to say, then what laying them over each other had to say.
    public internal(set) var notes: [Note]
    /// In the order in which it happened.
    public let removals: [Removal]
    /// Why files are there, where their layers know.
    public let reasons: [TreePath: Reason]

    public func node(of entry: Entry) -> Node { nodes[entry.nodeIndex] }

    /// What stands at a path, not following links.
    public subscript(path: TreePath) -> Node? { entry(at: path).map { node(of: $0) } }

    public func entry(at path: TreePath) -> Entry? {
        let position = lowerBound(of: path)
        return position < entries.count && entries[position].path == path
            ? entries[position] : nil
    }

    /// The names in a directory, sorted; none when it is no directory.
    public func names(in directory: TreePath) -> [Bytes] {
        var names: [Bytes] = []
        for entry in entries[lowerBound(of: directory)...].dropFirst() {
            guard directory.contains(entry.path) else { break }
            if entry.path.parent == directory { names.append(entry.path.name) }
        }
        return names
    }

    /// Position in `entries` of the first path that is not before this one.
    private func lowerBound(of path: TreePath) -> Int {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].path < path { low = middle + 1 } else { high = middle }
        }
        return low
    }

    public var counts: Counts {
        var counts = Counts()
        var seen = [Bool](repeating: false, count: nodes.count)
        for entry in entries {
            counts.hidden += entry.hiddenLayerIndices.count
            if seen[entry.nodeIndex] {
                counts.hardLinks += 1
                continue
            }
            seen[entry.nodeIndex] = true
            count(nodes[entry.nodeIndex], in: &counts)
        }
        return counts
    }

    private func count(_ node: Node, in counts: inout Counts) {
        switch node.kind {
        case .directory: counts.directories += 1
        case .regular:
            counts.files += 1
            counts.contentByteCount += node.byteCount
        case .symlink: counts.symlinks += 1
        case .characterDevice, .blockDevice: counts.devices += 1
        case .fifo, .socket: counts.others += 1
        }
    }

    /// No time later than `limit`, seconds since 1970: what SOURCE_DATE_EPOCH asks for.
    public mutating func limitTimes(to limit: Int64) {
        for index in nodes.indices where nodes[index].mtimeSeconds > limit {
            nodes[index].mtimeSeconds = limit
        }
    }
}
