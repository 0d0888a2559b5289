internal import Trees

/// The header of one member of a newc archive
/// (Documentation/driver-api/early-userspace/buffer-format.rst): the magic, then numbers of eight
/// hexadecimal digits each, then the name.
///
///     offset  bytes  meaning
///          0      6  `070701`
///          6      8  inode
///         14      8  mode, type and permissions as in st_mode
///         22      8  uid
///         30      8  gid
///         38      8  number of names
///         46      8  mtime, seconds since 1970
///         54      8  length of the contents in bytes
///         62     16  major and minor number of the device the file was on: 0
///         78     16  major and minor number of the device the file is
///         94      8  length of the name in bytes, with its NUL
///        102      8  checksum, of another format: 0
///        110         name and NUL, then zeros up to a multiple of four
///
/// The small archives around an image's blob, whose members belong to root and have neither times
/// nor several names, are written in Images, which this module does not know.
struct NewcHeader {
    static let fixedByteCount = 110

    var name: Bytes
    var inode: UInt32 = 0
    var mode: UInt32 = 0
    var uid: UInt32 = 0
    var gid: UInt32 = 0
    var linkCount: UInt32 = 1
    var mtime: UInt32 = 0
    var contentByteCount: UInt32 = 0
    var device = Node.Device(major: 0, minor: 0)

    /// The member that ends an archive.
    static let trailer = NewcHeader(name: Bytes("TRAILER!!!".utf8))

    /// - Precondition: the limits of `Newc` hold.
    var encoded: Bytes {
        var bytes = Bytes("070701".utf8)
        bytes.reserveCapacity(Self.byteCount(nameByteCount: name.count))
        for field in [
            inode, mode, uid, gid, linkCount, mtime, contentByteCount, 0, 0, device.major,
            device.minor, UInt32(name.count + 1), 0,
        ] {
            Self.append(field, to: &bytes)
        }
        bytes += name
        let end = Self.byteCount(nameByteCount: name.count)
        bytes.append(contentsOf: repeatElement(0, count: end - bytes.count))
        return bytes
    }

    /// Length in bytes of a header with a name and the padding behind it.
    static func byteCount(nameByteCount: Int) -> Int {
        Int(padded(UInt64(fixedByteCount + nameByteCount + 1)))
    }

    /// Headers and contents begin at multiples of four.
    static func padded(_ byteCount: UInt64) -> UInt64 { (byteCount + 3) / 4 * 4 }

    private static let digits = Array("0123456789ABCDEF".utf8)

    private static func append(_ field: UInt32, to bytes: inout Bytes) {
        for shift in stride(from: UInt32(28), through: 0, by: -4) {
            bytes.append(digits[Int(field >> shift & 15)])
        }
    }
}

extension NewcHeader {
    /// A member for one name of a node.
    ///
    /// - Parameters:
    ///   - linkCount: how many names the node has.
    ///   - contentByteCount: 0 for names of a file whose contents stand with another name.
    init(
        _ path: TreePath, _ node: Node, inode: UInt32, linkCount: UInt32, contentByteCount: UInt32
    ) {
        // What `find .` calls it; the kernel gives owner, mode and time to its root then.
        name = path.isRoot ? Bytes(".".utf8) : path.bytes
        self.inode = inode
        mode = node.typeBits | UInt32(node.permissions)
        uid = node.uid
        gid = node.gid
        // A directory's own count says nothing to anybody: it has one name, and its dot.
        self.linkCount = node.isDirectory ? 2 : linkCount
        mtime = UInt32(clamping: node.mtimeSeconds)
        self.contentByteCount = contentByteCount
        switch node.kind {
        case .characterDevice(let device), .blockDevice(let device): self.device = device
        default: break
        }
    }
}

extension Node {
    /// S_IFMT of inode(7).
    fileprivate var typeBits: UInt32 {
        switch kind {
        case .socket: 0o140000
        case .symlink: 0o120000
        case .regular: 0o100000
        case .blockDevice: 0o060000
        case .directory: 0o040000
        case .characterDevice: 0o020000
        case .fifo: 0o010000
        }
    }
}
