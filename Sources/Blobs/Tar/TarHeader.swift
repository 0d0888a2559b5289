internal import Trees

/// The headers of one member: a ustar block, and before it a pax extended header where ustar has
/// no room (IEEE Std 1003.1, pax, *ustar Interchange Format* and *pax Extended Header*).
///
///     offset  bytes  meaning
///          0    100  name, what of it follows `prefix`
///        100      8  permissions, octal
///        108      8  uid
///        116      8  gid
///        124     12  length of the contents in bytes
///        136     12  mtime, seconds since 1970
///        148      8  sum of the block's bytes, this field as spaces
///        156      1  type
///        157    100  link target
///        257      8  `ustar`, NUL, `00`
///        265     64  user and group by name: empty, the image's /etc/passwd decides
///        329      8  device major
///        337      8  device minor
///        345    155  prefix, joined to the name by `/`
enum TarHeader {
    static let blockByteCount = 512

    /// Two blocks of zeros.
    static let endOfArchive = Bytes(repeating: 0, count: 2 * blockByteCount)

    static func padded(_ byteCount: UInt64) -> UInt64 {
        let block = UInt64(blockByteCount)
        return (byteCount + block - 1) / block * block
    }

    static func padding(behind byteCount: UInt64) -> Bytes {
        Bytes(repeating: 0, count: Int(padded(byteCount) - byteCount))
    }

    /// - Parameter firstName: for a hard link, where its contents are.
    static func encode(_ path: TreePath, _ node: Node, linkTo firstName: TreePath?) -> Bytes {
        let name = memberName(path, isDirectory: node.isDirectory)
        let target = linkTarget(of: node, firstName)
        var records = PaxRecords()
        var block = UstarBlock(type: firstName == nil ? node.typeFlag : UInt8(ascii: "1"))

        if !name.isUTF8 || !target.isUTF8 { records.append("hdrcharset", "BINARY") }
        if !name.isASCII || !block.setName(name) { records.append("path", name) }
        if !target.isASCII || !block.setLinkTarget(target) { records.append("linkpath", target) }
        block.setPermissions(node.permissions)
        if !block.setUID(node.uid) { records.append("uid", "\(node.uid)") }
        if !block.setGID(node.gid) { records.append("gid", "\(node.gid)") }
        let byteCount = firstName == nil ? node.byteCount : 0
        if !block.setByteCount(byteCount) { records.append("size", "\(byteCount)") }
        if !block.setMtime(node.mtimeSeconds) { records.append("mtime", "\(node.mtimeSeconds)") }
        block.setDevice(node.device)
        // The node's attributes stand with its first name; readers set them once.
        if firstName == nil {
            for xattr in node.xattrs { records.append(xattr) }
        }
        return records.encoded(for: name) + block.sealed()
    }

    /// A directory ends with `/`; the root is `./`.
    private static func memberName(_ path: TreePath, isDirectory: Bool) -> Bytes {
        if path.isRoot { return Bytes("./".utf8) }
        return isDirectory ? path.bytes + [UInt8(ascii: "/")] : path.bytes
    }

    private static func linkTarget(of node: Node, _ firstName: TreePath?) -> Bytes {
        if let firstName { return firstName.bytes }
        if case .symlink(let target) = node.kind { return target }
        return []
    }
}

/// `LENGTH KEY=VALUE\n`, one after another.
private struct PaxRecords {
    private var bytes: Bytes = []

    mutating func append(_ key: String, _ value: String) { append(key, Bytes(value.utf8)) }

    mutating func append(_ key: String, _ value: Bytes) { append(Bytes(key.utf8), value) }

    /// `=` ends the key and `%` is the escape, as GNU tar has it (xheader.c).
    mutating func append(_ xattr: Node.Xattr) {
        var key = Bytes("SCHILY.xattr.".utf8)
        for byte in xattr.name {
            switch byte {
            case UInt8(ascii: "="): key += Bytes("%3D".utf8)
            case UInt8(ascii: "%"): key += Bytes("%25".utf8)
            default: key.append(byte)
            }
        }
        append(key, xattr.value)
    }

    private mutating func append(_ key: Bytes, _ value: Bytes) {
        // The length counts its own digits.
        let rest = key.count + value.count + 3
        var length = rest + 1
        while String(length).utf8.count + rest != length {
            length = String(length).utf8.count + rest
        }
        bytes +=
            Bytes("\(length) ".utf8) + key + [UInt8(ascii: "=")] + value
            + [UInt8(ascii: "\n")]
    }

    /// A member of its own before the one it describes; nothing when there are no records.
    func encoded(for name: Bytes) -> Bytes {
        if bytes.isEmpty { return [] }
        var block = UstarBlock(type: UInt8(ascii: "x"))
        _ = block.setName(Bytes("PaxHeaders".utf8))
        block.setPermissions(0o644)
        _ = block.setByteCount(UInt64(bytes.count))
        return block.sealed() + bytes + TarHeader.padding(behind: UInt64(bytes.count))
    }
}

/// Setters say whether the value found room; what does not is left as zeros.
private struct UstarBlock {
    private var bytes = Bytes(repeating: 0, count: TarHeader.blockByteCount)

    init(type: UInt8) {
        bytes[156] = type
        put(Bytes("ustar\0".utf8) + Bytes("00".utf8), at: 257)
        for offset in [100, 108, 116] { _ = setOctal(0, at: offset, byteCount: 8) }
        for offset in [124, 136] { _ = setOctal(0, at: offset, byteCount: 12) }
        setDevice(Node.Device(major: 0, minor: 0))
    }

    mutating func setName(_ name: Bytes) -> Bool {
        if name.count <= 100 {
            put(name, at: 0)
            return true
        }
        // The first slash that leaves no more than 100 bytes behind it; a slash at the very end
        // would leave none.
        let earliest = name.count - 101
        guard let slash = name[earliest..<(name.count - 1)].firstIndex(of: UInt8(ascii: "/")),
            slash > 0, slash <= 155
        else {
            // For readers without pax: the beginning.
            put(Bytes(name.prefix(100)), at: 0)
            return false
        }
        put(Bytes(name[..<slash]), at: 345)
        put(Bytes(name[(slash + 1)...]), at: 0)
        return true
    }

    mutating func setLinkTarget(_ target: Bytes) -> Bool {
        put(Bytes(target.prefix(100)), at: 157)
        return target.count <= 100
    }

    mutating func setPermissions(_ permissions: UInt16) {
        _ = setOctal(UInt64(permissions), at: 100, byteCount: 8)
    }

    mutating func setUID(_ uid: UInt32) -> Bool { setOctal(UInt64(uid), at: 108, byteCount: 8) }

    mutating func setGID(_ gid: UInt32) -> Bool { setOctal(UInt64(gid), at: 116, byteCount: 8) }

    mutating func setByteCount(_ count: UInt64) -> Bool {
        setOctal(count, at: 124, byteCount: 12)
    }

    mutating func setMtime(_ seconds: Int64) -> Bool {
        seconds >= 0 && setOctal(UInt64(seconds), at: 136, byteCount: 12)
    }

    mutating func setDevice(_ device: Node.Device) {
        _ = setOctal(UInt64(device.major), at: 329, byteCount: 8)
        _ = setOctal(UInt64(device.minor), at: 337, byteCount: 8)
    }

    /// The block with its checksum: six digits, NUL, space.
    consuming func sealed() -> Bytes {
        put(Bytes(repeating: UInt8(ascii: " "), count: 8), at: 148)
        let sum = bytes.reduce(UInt64(0)) { $0 + UInt64($1) }
        _ = setOctal(sum, at: 148, byteCount: 7)
        return bytes
    }

    /// Digits to the field's end, then NUL.
    private mutating func setOctal(_ value: UInt64, at offset: Int, byteCount: Int) -> Bool {
        let digitCount = byteCount - 1
        guard value >> UInt64(3 * digitCount) == 0 else { return false }
        for index in 0..<digitCount {
            let shift = UInt64(3 * (digitCount - 1 - index))
            bytes[offset + index] = UInt8(ascii: "0") + UInt8(value >> shift & 7)
        }
        bytes[offset + digitCount] = 0
        return true
    }

    private mutating func put(_ value: Bytes, at offset: Int) {
        bytes.replaceSubrange(offset..<(offset + value.count), with: value)
    }
}

extension Node {
    fileprivate var typeFlag: UInt8 {
        switch kind {
        case .regular: UInt8(ascii: "0")
        case .symlink: UInt8(ascii: "2")
        case .characterDevice: UInt8(ascii: "3")
        case .blockDevice: UInt8(ascii: "4")
        case .directory: UInt8(ascii: "5")
        case .fifo: UInt8(ascii: "6")
        case .socket: preconditionFailure("tar has no type for a socket; Tar.write refuses it")
        }
    }

    fileprivate var device: Device {
        switch kind {
        case .characterDevice(let device), .blockDevice(let device): device
        default: Device(major: 0, minor: 0)
        }
    }
}

extension Bytes {
    fileprivate var isASCII: Bool { allSatisfy { $0 < 0x80 } }

    fileprivate var isUTF8: Bool { isASCII || String(validating: self, as: UTF8.self) != nil }
}
