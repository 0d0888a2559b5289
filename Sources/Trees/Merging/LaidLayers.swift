/// The layers of a merged tree as they were read, numbered through, and what merging them made:
/// whatever the tree's entries and nodes are taken from.
struct LaidLayers: Sendable {
    /// An entry of a layer, or one that was made.
    struct EntryID: Sendable, Hashable {
        let number: UInt32
    }

    /// A node of a layer, or one that was made.
    struct NodeID: Sendable, Hashable {
        let number: UInt32
    }

    /// What the merge made: a directory that a layer only implies, or a file that went where
    /// another layer's link leads.
    private struct Made: Sendable {
        let path: TreePath
        /// Where it stood in its layer.
        let source: TreePath
        /// Nil for the root that is there before any layer.
        let layerIndex: Int?
    }

    private struct Part: Sendable {
        let entries: EntryList
        let nodes: NodeList
        let firstEntry: Int
        let firstNode: Int
        /// No time of its nodes is later, seconds since 1970.
        var timeLimit: Int64?
    }

    /// One of each layer.
    private var parts: [Part] = []
    private var made: [Made] = []
    private var madeNodes: [Node] = []
    /// Of nodes that are the same file as one of a later layer: that one, which counts.
    private var substitutes: [NodeID: NodeID] = [:]
    private var permissions: [NodeID: UInt16] = [:]
    private var entryCount = 0
    private var layerNodeCount = 0

    /// Numbers of what was made begin here.
    private static let firstMade: UInt32 = 1 << 31

    /// How many nodes there are in all, used or not.
    var nodeCount: Int { layerNodeCount + madeNodes.count }

    // MARK: Adding

    /// - Precondition: less than 2^31 entries and nodes in all.
    mutating func add(_ layer: Layer) {
        parts.append(
            Part(
                entries: layer.entries, nodes: layer.nodes, firstEntry: entryCount,
                firstNode: layerNodeCount))
        entryCount += layer.entries.count
        layerNodeCount += layer.nodes.count
        precondition(max(entryCount, layerNodeCount) < Self.firstMade)
    }

    /// Of the layer that was added last.
    func entry(_ position: Int) -> EntryID {
        EntryID(number: UInt32(parts[parts.count - 1].firstEntry + position))
    }

    /// Of the layer that was added last.
    func node(_ position: Int) -> NodeID {
        NodeID(number: UInt32(parts[parts.count - 1].firstNode + position))
    }

    mutating func make(entryAt path: TreePath, from source: TreePath, layerIndex: Int?) -> EntryID {
        made.append(Made(path: path, source: source, layerIndex: layerIndex))
        return EntryID(number: Self.firstMade + UInt32(made.count - 1))
    }

    mutating func make(_ node: Node) -> NodeID {
        madeNodes.append(node)
        return NodeID(number: Self.firstMade + UInt32(madeNodes.count - 1))
    }

    // MARK: Entries

    func path(of entry: EntryID) -> TreePath {
        if let index = Self.madeIndex(entry.number) { return made[index].path }
        let part = part(ofEntry: entry)
        return parts[part].entries[Int(entry.number) - parts[part].firstEntry].path
    }

    /// Bytes of its path, and of that of the directory it stands in.
    func pathByteCounts(of entry: EntryID) -> (path: Int, parent: Int) {
        if let index = Self.madeIndex(entry.number) {
            return (made[index].path.bytes.count, made[index].path.parentByteCount)
        }
        let part = part(ofEntry: entry)
        return parts[part].entries.pathByteCounts(
            at: Int(entry.number) - parts[part].firstEntry)
    }

    /// Where it stood in its layer.
    func source(of entry: EntryID) -> TreePath {
        Self.madeIndex(entry.number).map { made[$0].source } ?? path(of: entry)
    }

    /// Nil for the root that is there before any layer.
    func layerIndex(of entry: EntryID) -> Int? {
        if let index = Self.madeIndex(entry.number) { return made[index].layerIndex }
        return part(ofEntry: entry)
    }

    func compare(_ entry: EntryID, to path: TreePath) -> TreePath.Order {
        if let index = Self.madeIndex(entry.number) { return made[index].path.order(to: path) }
        let part = part(ofEntry: entry)
        return parts[part].entries.compare(Int(entry.number) - parts[part].firstEntry, to: path)
    }

    /// Position of the first of sorted entries whose path is not before this one.
    ///
    /// - Parameter start: a position that is not behind it.
    func lowerBound(
        of path: TreePath, from start: Int = 0, count: Int, _ entry: (Int) -> EntryID
    ) -> Int {
        // What is looked for is near the start as a rule, when a layer is laid.
        var low = start
        var step = 1
        while low + step <= count, compare(entry(low + step - 1), to: path) == .before {
            low += step
            step *= 2
        }
        var high = min(low + step - 1, count)
        while low < high {
            let middle = (low + high) / 2
            if compare(entry(middle), to: path) == .before {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
    }

    /// Whether it went where another layer's link leads.
    func isMoved(_ entry: EntryID) -> Bool {
        Self.madeIndex(entry.number).map { made[$0].path != made[$0].source } ?? false
    }

    // MARK: Nodes

    subscript(node: NodeID) -> Node {
        adjusted(node, made: { $0 }, read: { $0[$1] })
    }

    func outline(_ node: NodeID) -> NodeOutline {
        adjusted(node, made: NodeOutline.init, read: { $0.outline(at: $1) })
    }

    /// With what changed since the layers were read.
    private func adjusted<Value: Adjustable>(
        _ node: NodeID, made: (Node) -> Value, read: (NodeList, Int) -> Value
    ) -> Value {
        let real = substitutes.isEmpty ? node : substitutes[node] ?? node
        var found: Value
        if let index = Self.madeIndex(real.number) {
            found = made(madeNodes[index])
        } else {
            let part = part(ofNode: real)
            found = read(parts[part].nodes, Int(real.number) - parts[part].firstNode)
            if let limit = parts[part].timeLimit {
                found.mtimeSeconds = min(found.mtimeSeconds, limit)
            }
        }
        if !permissions.isEmpty, let changed = permissions[node] { found.permissions = changed }
        return found
    }

    func isDirectory(_ node: NodeID) -> Bool {
        // A substitute is of the same kind.
        if let index = Self.madeIndex(node.number) { return madeNodes[index].isDirectory }
        let part = part(ofNode: node)
        return parts[part].nodes.isDirectory(at: Int(node.number) - parts[part].firstNode)
    }

    func contentByteCount(_ node: NodeID) -> UInt64? {
        if Self.madeIndex(node.number) != nil { return nil }
        let part = part(ofNode: node)
        return parts[part].nodes.contentByteCount(at: Int(node.number) - parts[part].firstNode)
    }

    /// Nil for what is no regular file of this machine.
    func look(_ node: NodeID) -> HostFile.Look? {
        let real = substitutes.isEmpty ? node : substitutes[node] ?? node
        if Self.madeIndex(real.number) != nil { return nil }
        let part = part(ofNode: real)
        return parts[part].nodes.look(at: Int(real.number) - parts[part].firstNode)
    }

    /// A number below `nodeCount`.
    func ordinal(of node: NodeID) -> Int {
        Self.madeIndex(node.number).map { layerNodeCount + $0 } ?? Int(node.number)
    }

    // MARK: Changing

    /// What counts of two nodes that are one file: the later layer's owner and times, should its
    /// rules differ.
    mutating func substitute(_ later: NodeID, for node: NodeID) {
        substitutes[node] = later
        permissions[node] = nil
    }

    mutating func setPermissions(of node: NodeID, to changed: UInt16) {
        permissions[node] = changed
    }

    mutating func limitTimes(to limit: Int64) {
        for index in parts.indices {
            parts[index].timeLimit = min(parts[index].timeLimit ?? limit, limit)
        }
        for index in madeNodes.indices {
            madeNodes[index].mtimeSeconds = min(madeNodes[index].mtimeSeconds, limit)
        }
    }

    // MARK: Where they are

    private static func madeIndex(_ number: UInt32) -> Int? {
        number < firstMade ? nil : Int(number - firstMade)
    }

    // The later layers are the larger ones as a rule, and there are few.
    private func part(ofEntry entry: EntryID) -> Int {
        var part = parts.count - 1
        while parts[part].firstEntry > entry.number { part -= 1 }
        return part
    }

    private func part(ofNode node: NodeID) -> Int {
        var part = parts.count - 1
        while parts[part].firstNode > node.number { part -= 1 }
        return part
    }
}

private protocol Adjustable {
    var permissions: UInt16 { get set }
    var mtimeSeconds: Int64 { get set }
}

extension Node: Adjustable {}
extension NodeOutline: Adjustable {}
