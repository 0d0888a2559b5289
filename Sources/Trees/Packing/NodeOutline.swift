/// A node without the contents of a file: what tables and headers say of it.
public struct NodeOutline: Sendable, Equatable {
    public enum Kind: Sendable, Equatable {
        case directory
        /// Length in bytes, holes included.
        case regular(byteCount: UInt64)
        case symlink(target: Bytes)
        case characterDevice(Node.Device)
        case blockDevice(Node.Device)
        case fifo
        case socket
    }

    public let kind: Kind
    /// The bits of 07777.
    public internal(set) var permissions: UInt16
    public let uid: UInt32
    public let gid: UInt32
    /// Since 1970, UTC; may be negative.
    public internal(set) var mtimeSeconds: Int64
    /// Sorted by name, names unique.
    public let xattrs: [Node.Xattr]

    public init(_ node: Node) {
        kind =
            switch node.kind {
            case .directory: .directory
            case .regular(let content): .regular(byteCount: content.byteCount)
            case .symlink(let target): .symlink(target: target)
            case .characterDevice(let device): .characterDevice(device)
            case .blockDevice(let device): .blockDevice(device)
            case .fifo: .fifo
            case .socket: .socket
            }
        permissions = node.permissions
        uid = node.uid
        gid = node.gid
        mtimeSeconds = node.mtimeSeconds
        xattrs = node.xattrs
    }

    public var isDirectory: Bool { kind == .directory }

    /// Reads no further than it must.
    init(_ record: inout RecordReader, _ attachments: Attachments) {
        let head = PackedHead(&record, attachments)
        guard head.facts.kind != .whole else {
            self.init(attachments.nodes[Int(record.number())])
            return
        }
        let kind: Kind =
            switch head.facts.kind {
            case .hostFile: .regular(byteCount: record.number())
            case .symlink: .symlink(target: record.bytes())
            case .characterDevice: .characterDevice(Node.Device(&record))
            case .blockDevice: .blockDevice(Node.Device(&record))
            case .fifo: .fifo
            case .socket: .socket
            case .directory, .whole: .directory
            }
        self.init(kind, head)
    }

    private init(_ kind: Kind, _ head: PackedHead) {
        self.kind = kind
        permissions = head.permissions
        uid = head.uid
        gid = head.gid
        mtimeSeconds = head.mtimeSeconds
        xattrs = head.xattrs
    }
}
