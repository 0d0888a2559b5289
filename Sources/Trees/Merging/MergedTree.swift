/// All layers laid over each other, later wins.
public struct MergedTree: Sendable {
    public struct Entry: Sendable, Equatable {
        public let path: TreePath
        /// Position in `nodes`; hard links share it.
        public let nodeIndex: Int
        /// Position in `layerNames` of the layer it came from. For a directory that several
        /// layers have, the last of them. Nil for the root when no layer names it.
        public let layerIndex: Int?
        /// Positions in `layerNames`, ascending, of the layers whose file it hides.
        public let hiddenLayerIndices: [Int]
    }

    /// What a later layer's whiteout, opaque directory or file in place of a directory took away.
    public struct Removal: Sendable, Hashable {
        public let path: TreePath
        /// Positions in `layerNames`: whose it was, and who took it away.
        public let layerIndex: Int
        public let byLayerIndex: Int
    }

    /// Lowest first, as the user wrote them.
    public let layerNames: [String]
    /// In the order of their first names; each has one.
    public internal(set) var nodes: Nodes
    /// Sorted by path, which is a depth-first walk; the first is the root. The directory of every
    /// entry is an entry.
    public internal(set) var entries: Entries
    /// What the layers had to say, then what laying them over each other had to say.
    public internal(set) var notes: [Note]
    /// In the order in which it happened.
    public let removals: [Removal]
    /// Why files are there, where their layers know.
    public let reasons: [TreePath: Reason]
    /// Files with several names, by what they are on this machine.
    let nodeOfIdentity: [HostIdentity: LaidLayers.NodeID]

    public func node(of entry: Entry) -> Node { nodes[entry.nodeIndex] }

    /// What stands at a path, not following links.
    public subscript(path: TreePath) -> Node? { entry(at: path).map { node(of: $0) } }

    public func entry(at path: TreePath) -> Entry? {
        let position = entries.lowerBound(of: path)
        guard position < entries.count else { return nil }
        let entry = entries[position]
        return entry.path == path ? entry : nil
    }

    /// The names in a directory, sorted; none when it is no directory.
    public func names(in directory: TreePath) -> [Bytes] {
        var names: [Bytes] = []
        for entry in entries[entries.lowerBound(of: directory)...].dropFirst() {
            guard directory.contains(entry.path) else { break }
            if entry.path.parent == directory { names.append(entry.path.name) }
        }
        return names
    }

    /// How many names nodes have that have more than one, by their positions in `nodes`.
    public var nameCounts: [Int: Int] {
        var counts: [Int: Int] = [:]
        var next = 0
        for index in entries.indices {
            let node = entries.nodeIndex(at: index)
            // Nodes stand in the order of their first names.
            if node == next { next += 1 } else { counts[node, default: 1] += 1 }
        }
        return counts
    }

    /// No time later than `limit`, seconds since 1970: what SOURCE_DATE_EPOCH asks for.
    public mutating func limitTimes(to limit: Int64) {
        nodes.laid.limitTimes(to: limit)
    }
}

extension MergedTree {
    /// Entries by their positions, sorted by path. To ask for one makes it: who needs several facts
    /// of an entry keeps it.
    public struct Entries: RandomAccessCollection, Sendable, Equatable {
        let laid: LaidLayers
        /// What each is among the entries of the layers.
        let numbers: RunList
        /// Of each entry: position in the tree's `nodes`.
        let nodeNumbers: RunList
        /// Positions in `layerNames`.
        let hidden: [LaidLayers.EntryID: [Int]]

        public var startIndex: Int { 0 }
        public var endIndex: Int { numbers.count }

        public subscript(index: Int) -> Entry {
            let id = id(at: index)
            return Entry(
                path: laid.path(of: id), nodeIndex: Int(nodeNumbers[index]),
                layerIndex: laid.layerIndex(of: id),
                hiddenLayerIndices: hidden.isEmpty ? [] : hidden[id] ?? [])
        }

        func id(at index: Int) -> LaidLayers.EntryID { LaidLayers.EntryID(number: numbers[index]) }

        /// The same as of the entry.
        public func layerIndex(at index: Int) -> Int? { laid.layerIndex(of: id(at: index)) }

        /// The same as of the entry.
        public func nodeIndex(at index: Int) -> Int { Int(nodeNumbers[index]) }

        /// Bytes of the entry's path, and of that of the directory it stands in.
        public func pathByteCounts(at index: Int) -> (path: Int, parent: Int) {
            laid.pathByteCounts(of: id(at: index))
        }

        /// Those that hide files of other layers.
        public var hiding: [Entry] {
            if hidden.isEmpty { return [] }
            return indices.filter { hidden[id(at: $0)] != nil }.map { self[$0] }
        }

        public static func == (left: Entries, right: Entries) -> Bool {
            left.elementsEqual(right)
        }

        /// Position of the first path that is not before this one.
        func lowerBound(of path: TreePath) -> Int {
            laid.lowerBound(of: path, count: count) { id(at: $0) }
        }
    }

    /// Nodes by their positions, in the order of their first names. To ask for one makes it: who
    /// needs several facts of a node keeps it.
    public struct Nodes: RandomAccessCollection, Sendable {
        var laid: LaidLayers
        /// What each is among the nodes of the layers.
        let numbers: RunList

        public var startIndex: Int { 0 }
        public var endIndex: Int { numbers.count }

        public subscript(index: Int) -> Node { laid[id(at: index)] }

        func id(at index: Int) -> LaidLayers.NodeID { LaidLayers.NodeID(number: numbers[index]) }

        mutating func setPermissions(of index: Int, to permissions: UInt16) {
            laid.setPermissions(of: id(at: index), to: permissions)
        }
    }
}
