/// One member of a tar archive, its extended headers applied. Names are as the archive has them.
struct TarMember {
    enum Kind: Equatable {
        case regular
        case directory
        case symlink
        case hardLink
        case characterDevice(Node.Device)
        case blockDevice(Node.Device)
        case fifo
    }

    struct Piece {
        /// Where it stands in the file, in bytes.
        let offset: UInt64
        let byteCount: UInt64
    }

    let kind: Kind
    let name: Bytes
    let linkTarget: Bytes
    let permissions: UInt16
    let uid: UInt32
    let gid: UInt32
    let mtimeSeconds: Int64
    let xattrs: [Node.Xattr]
    /// Records that hold access control lists, under the names they have there, as text.
    let accessControlLists: [Node.Xattr]
    /// Length of the file in bytes, holes included.
    let byteCount: UInt64
    /// What the archive holds of the file, ascending; one piece of everything where it has no
    /// holes.
    let pieces: [Piece]
    /// Where the contents begin in the uncompressed archive.
    let dataOffset: UInt64
}

extension TarMember {
    /// Attributes, and with them what stands for an access control list.
    ///
    /// - `SCHILY.xattr.NAME`: star's, GNU tar's, Go's. `%3D` and `%25` in a name are GNU tar's
    ///   escapes (xheader.c).
    /// - `LIBARCHIVE.xattr.NAME`: name percent-encoded, value in base 64. Who writes it writes the
    ///   same as `SCHILY.xattr`, so that one is ignored then.
    /// - `RHT.security.selinux`: GNU tar's and Red Hat's.
    ///
    /// - Returns: nil where an encoding is wrong.
    static func xattrs(
        _ records: PaxRecords
    ) -> (xattrs: [Node.Xattr], accessControlLists: [Node.Xattr])? {
        var values: [Bytes: Bytes] = [:]
        let encoded = records.values(withPrefix: "LIBARCHIVE.xattr.")
        if encoded.isEmpty {
            for record in records.values(withPrefix: "SCHILY.xattr.") {
                values[unescaped(record.key, only: ["%3D", "%25"])] = record.value
            }
        } else {
            for record in encoded {
                guard let value = base64Decoded(record.value) else { return nil }
                values[unescaped(record.key, only: nil)] = value
            }
        }
        if let label = records.value("RHT.security.selinux") {
            values[Bytes("security.selinux".utf8)] = label
        }
        let lists = records.values(withPrefix: "SCHILY.acl.").map {
            Node.Xattr(name: Bytes("SCHILY.acl.".utf8) + $0.key, value: $0.value)
        }
        return (values.map { Node.Xattr(name: $0.key, value: $0.value) }, lists)
    }

    /// - Parameter only: the escapes to take as such, in capitals; nil for all.
    private static func unescaped(_ name: Bytes, only known: [String]?) -> Bytes {
        var result: Bytes = []
        var rest = name[...]
        while let first = rest.popFirst() {
            let digits = rest.prefix(2)
            guard first == UInt8(ascii: "%"), digits.count == 2,
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16),
                known?.contains(where: { $0.utf8.dropFirst().elementsEqual(digits) }) ?? true
            else {
                result.append(first)
                continue
            }
            result.append(value)
            rest = rest.dropFirst(2)
        }
        return result
    }

    /// RFC 4648, section 4; libarchive leaves the padding out.
    private static func base64Decoded(_ text: Bytes) -> Bytes? {
        var result: Bytes = []
        var bits: UInt32 = 0
        var bitCount = 0
        for byte in text.reversed().drop(while: { $0 == UInt8(ascii: "=") }).reversed() {
            guard let value = base64Value(byte) else { return nil }
            bits = bits << 6 | UInt32(value)
            bitCount += 6
            if bitCount >= 8 {
                bitCount -= 8
                result.append(UInt8(truncatingIfNeeded: bits >> UInt32(bitCount)))
            }
        }
        return result
    }

    private static func base64Value(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
