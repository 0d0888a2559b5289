/// One byte of kind and of what else there is; permissions, owner, time; then what the kind has.
extension Node: Packable {
    func write(to record: inout RecordWriter, _ attachments: Attachments) {
        let facts = PackedFacts(
            kind: PackedFacts.Kind(kind), hasIdentity: identity != nil, hasXattrs: !xattrs.isEmpty)
        record.append(facts.byte)
        if let identity {
            record.append(identity.device)
            record.append(identity.inode)
        }
        if facts.kind == .whole {
            record.append(UInt64(attachments.index(of: self)))
            return
        }
        record.append(permissions)
        record.append(uid)
        record.append(gid)
        record.append(signed: mtimeSeconds)
        if facts.hasXattrs { record.append(UInt64(attachments.index(of: xattrs))) }
        writeKind(to: &record, attachments)
    }

    private func writeKind(to record: inout RecordWriter, _ attachments: Attachments) {
        switch kind {
        case .regular(.file(let file)): file.write(to: &record, attachments)
        case .symlink(let target): record.append(target)
        case .characterDevice(let device), .blockDevice(let device):
            record.append(device.major)
            record.append(device.minor)
        case .directory, .regular, .fifo, .socket: break
        }
    }

    init(_ record: inout RecordReader, _ attachments: Attachments) {
        let head = PackedHead(&record, attachments)
        switch head.facts.kind {
        case .whole:
            self = attachments.nodes[Int(record.number())]
            return
        case .directory: kind = .directory
        case .hostFile: kind = .regular(.file(HostFile(&record, attachments)))
        case .symlink: kind = .symlink(target: record.bytes())
        case .characterDevice: kind = .characterDevice(Device(&record))
        case .blockDevice: kind = .blockDevice(Device(&record))
        case .fifo: kind = .fifo
        case .socket: kind = .socket
        }
        permissions = head.permissions
        uid = head.uid
        gid = head.gid
        mtimeSeconds = head.mtimeSeconds
        xattrs = head.xattrs
        identity = head.identity
    }
}

/// The first byte of a node's record.
struct PackedFacts {
    enum Kind: UInt8 {
        case directory, hostFile, symlink, characterDevice, blockDevice, fifo, socket
        /// Not packed: among the attachments.
        case whole

        init(_ kind: Node.Kind) {
            self =
                switch kind {
                case .directory: .directory
                case .regular(.file): .hostFile
                case .regular: .whole
                case .symlink: .symlink
                case .characterDevice: .characterDevice
                case .blockDevice: .blockDevice
                case .fifo: .fifo
                case .socket: .socket
                }
        }
    }

    let kind: Kind
    let hasIdentity: Bool
    let hasXattrs: Bool

    init(kind: Kind, hasIdentity: Bool, hasXattrs: Bool) {
        self.kind = kind
        self.hasIdentity = hasIdentity
        self.hasXattrs = hasXattrs
    }

    init(_ record: inout RecordReader) {
        let byte = record.number(as: UInt8.self)
        kind = Kind(rawValue: byte & 7)!
        hasIdentity = byte & 8 != 0
        hasXattrs = byte & 16 != 0
    }

    var byte: UInt8 { kind.rawValue | (hasIdentity ? 8 : 0) | (hasXattrs ? 16 : 0) }
}

/// What all nodes' records have, but those that are not packed.
struct PackedHead {
    let facts: PackedFacts
    let identity: HostIdentity?
    private(set) var permissions: UInt16 = 0
    private(set) var uid: UInt32 = 0
    private(set) var gid: UInt32 = 0
    private(set) var mtimeSeconds: Int64 = 0
    private(set) var xattrs: [Node.Xattr] = []

    init(_ record: inout RecordReader, _ attachments: Attachments) {
        facts = PackedFacts(&record)
        identity = facts.hasIdentity ? HostIdentity(&record) : nil
        if facts.kind == .whole { return }
        permissions = record.number(as: UInt16.self)
        uid = record.number(as: UInt32.self)
        gid = record.number(as: UInt32.self)
        mtimeSeconds = record.signed()
        if facts.hasXattrs { xattrs = attachments.xattrLists[Int(record.number())] }
    }
}

extension HostIdentity {
    init(_ record: inout RecordReader) {
        self.init(device: record.number(), inode: record.number())
    }
}

extension Node.Device {
    init(_ record: inout RecordReader) {
        self.init(major: record.number(as: UInt32.self), minor: record.number(as: UInt32.self))
    }
}

extension HostFile {
    fileprivate func write(to record: inout RecordWriter, _ attachments: Attachments) {
        look.write(to: &record)
        record.append(UInt64(attachments.index(of: directory)))
        record.append(path.bytes)
    }

    fileprivate init(_ record: inout RecordReader, _ attachments: Attachments) {
        look = Look(&record)
        directory = attachments.directories[Int(record.number())]
        path = TreePath(trusted: record.bytes())
    }
}

extension HostFile.Look {
    /// The length comes first: it is asked for most.
    fileprivate func write(to record: inout RecordWriter) {
        record.append(byteCount)
        record.append(identity.device)
        record.append(identity.inode)
        record.append(signed: mtimeSeconds)
        record.append(signed: Int64(mtimeNanoseconds))
        record.append(signed: ctimeSeconds &- mtimeSeconds)
        record.append(signed: Int64(ctimeNanoseconds))
    }

    init(_ record: inout RecordReader) {
        byteCount = record.number()
        identity = HostIdentity(&record)
        mtimeSeconds = record.signed()
        mtimeNanoseconds = Int32(truncatingIfNeeded: record.signed())
        ctimeSeconds = mtimeSeconds &+ record.signed()
        ctimeNanoseconds = Int32(truncatingIfNeeded: record.signed())
    }
}
