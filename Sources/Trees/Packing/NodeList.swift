/// Nodes by their positions. To ask for one makes it: who needs several facts of a node keeps it.
public struct NodeList: RandomAccessCollection, Sendable {
    private var list: PackedList<Node>

    public init(_ nodes: [Node] = []) {
        list = PackedList(nodes)
    }

    init(_ list: PackedList<Node>) {
        self.list = list
    }

    public var startIndex: Int { 0 }
    public var endIndex: Int { list.count }

    public internal(set) subscript(index: Int) -> Node {
        get { list[index] }
        set { list[index] = newValue }
    }

    mutating func append(_ node: Node) { list.withArray { $0.append(node) } }

    // MARK: Single facts

    func outline(at index: Int) -> NodeOutline {
        list.read(index, NodeOutline.init) { record, attachments in
            var record = record
            return NodeOutline(&record, attachments)
        }
    }

    func isDirectory(at index: Int) -> Bool {
        list.read(index, \.isDirectory) { record, _ in
            var record = record
            return PackedFacts(&record).kind == .directory
        }
    }

    /// Nil for what is no regular file.
    func contentByteCount(at index: Int) -> UInt64? {
        list.read(index, Self.contentByteCount(of:)) { record, attachments in
            var record = record
            let head = PackedHead(&record, attachments)
            switch head.facts.kind {
            case .hostFile: return record.number()
            case .whole: return Self.contentByteCount(of: attachments.nodes[Int(record.number())])
            default: return nil
            }
        }
    }

    private static func contentByteCount(of node: Node) -> UInt64? {
        guard case .regular(let content) = node.kind else { return nil }
        return content.byteCount
    }

    /// Nil for what is no regular file of this machine.
    func look(at index: Int) -> HostFile.Look? {
        list.read(index, \.look) { record, attachments in
            var record = record
            let head = PackedHead(&record, attachments)
            switch head.facts.kind {
            case .hostFile: return HostFile.Look(&record)
            case .whole: return attachments.nodes[Int(record.number())].look
            default: return nil
            }
        }
    }

    /// As of the node.
    func isPlain(at index: Int) -> Bool {
        list.read(index, \.isPlain) { record, attachments in
            var record = record
            let facts = PackedFacts(&record)
            switch facts.kind {
            case .characterDevice, .blockDevice: return false
            case .whole:
                if facts.hasIdentity { _ = HostIdentity(&record) }
                return attachments.nodes[Int(record.number())].isPlain
            default: return !facts.hasXattrs
            }
        }
    }

    /// What decides where a node is laid.
    func facts(at index: Int) -> (isDirectory: Bool, identity: HostIdentity?) {
        list.read(index, { ($0.isDirectory, $0.identity) }) { record, _ in
            var record = record
            let facts = PackedFacts(&record)
            return (facts.kind == .directory, facts.hasIdentity ? HostIdentity(&record) : nil)
        }
    }
}

extension Node {
    /// Whether it is neither a device nor has extended attributes.
    var isPlain: Bool {
        switch kind {
        case .characterDevice, .blockDevice: false
        default: xattrs.isEmpty
        }
    }

    fileprivate var look: HostFile.Look? {
        guard case .regular(.file(let file)) = kind else { return nil }
        return file.look
    }
}
