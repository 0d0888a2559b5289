/// One header block of a tar archive (IEEE Std 1003.1, pax, *ustar Interchange Format*; GNU's
/// variant: tar's manual, *Basic Tar Format*).
///
///     offset  bytes  meaning
///          0    100  name
///        100      8  permissions
///        108      8  uid
///        116      8  gid
///        124     12  length of the contents in bytes
///        136     12  mtime, seconds since 1970
///        148      8  sum of the block's bytes, this field as spaces
///        156      1  type
///        157    100  link target
///        257      8  `ustar`, NUL, `00`; GNU: `ustar`, two spaces, NUL
///        329      8  device major
///        337      8  device minor
///        345    155  ustar: prefix, joined to the name by `/`
///        386     96  GNU, type S: four pairs of offset and length, 12 bytes each
///        482      1  GNU, type S: more pairs follow in a block of their own
///        483     12  GNU, type S: length of the contents, holes included
struct TarBlock {
    static let byteCount = 512

    let bytes: Bytes

    enum Kind {
        case old
        case ustar
        case gnu
    }

    /// A block of zeros, which ends an archive.
    var isNull: Bool { bytes.allSatisfy { $0 == 0 } }

    var type: UInt8 { bytes[156] }

    var kind: Kind {
        if bytes[257..<265].elementsEqual("ustar  \0".utf8) { return .gnu }
        return bytes[257..<262].elementsEqual("ustar".utf8) ? .ustar : .old
    }

    /// Some old writers added the bytes up as signed numbers.
    var hasRightChecksum: Bool {
        guard let written = octal(at: 148, byteCount: 8) else { return false }
        var sum: Int64 = 0
        var signedSum: Int64 = 0
        for (index, byte) in bytes.enumerated() {
            let counted = (148..<156).contains(index) ? UInt8(ascii: " ") : byte
            sum += Int64(counted)
            signedSum += Int64(Int8(bitPattern: counted))
        }
        return written == sum || written == signedSum
    }

    var name: Bytes {
        let name = text(at: 0, byteCount: 100)
        guard kind == .ustar else { return name }
        let prefix = text(at: 345, byteCount: 155)
        return prefix.isEmpty ? name : prefix + [UInt8(ascii: "/")] + name
    }

    var linkTarget: Bytes { text(at: 157, byteCount: 100) }

    /// Up to the first NUL.
    private func text(at offset: Int, byteCount: Int) -> Bytes {
        Bytes(bytes[offset..<(offset + byteCount)].prefix { $0 != 0 })
    }

    /// A number as digits, or as GNU's base 256: a first byte of 0x80, or 0xff for negative ones,
    /// and the value in two's complement behind it. Nil where it is neither, or too large.
    func number(at offset: Int, byteCount: Int) -> Int64? {
        let field = bytes[offset..<(offset + byteCount)]
        guard let first = field.first, first & 0x80 != 0 else {
            return octal(at: offset, byteCount: byteCount)
        }
        // Bit 7 marks the encoding, bit 6 is the sign.
        var value = Int64(first & 0x3f) - (first & 0x40 == 0 ? 0 : 64)
        for byte in field.dropFirst() {
            let (product, overflow) = value.multipliedReportingOverflow(by: 256)
            if overflow { return nil }
            value = product | Int64(byte)
        }
        return value
    }

    /// Digits with spaces or NULs around them; nothing at all is 0.
    private func octal(at offset: Int, byteCount: Int) -> Int64? {
        let field = bytes[offset..<(offset + byteCount)].drop { $0 == UInt8(ascii: " ") }
        let digits = field.prefix { $0 != 0 && $0 != UInt8(ascii: " ") }
        var value: Int64 = 0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "7")).contains(digit) else { return nil }
            value = value << 3 | Int64(digit - UInt8(ascii: "0"))
        }
        return value
    }
}
