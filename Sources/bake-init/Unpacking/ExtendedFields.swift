// The records of pax extended headers (IEEE Std 1003.1, pax, *pax Extended Header*), with the
// keywords GNU tar and bsdtar use for attributes. Pure.

import BakeContract

/// What extended headers said; later ones win.
struct ExtendedFields {
    var path: Bytes?
    var linkTarget: Bytes?
    var uid: Int64?
    var gid: Int64?
    var byteCount: Int64?
    var mtimeSeconds: Int64?
    var mtimeNanoseconds: Int64 = 0
    var attributes: [ArchiveMember.Attribute] = []
    var isSparse = false

    /// Takes `LENGTH KEY=VALUE\n` records. False when they are no such thing. Keys that do not
    /// matter here are passed over, as the standard wants it.
    mutating func take(records: Bytes) -> Bool {
        var rest = records[...]
        while !rest.isEmpty {
            guard let space = rest.prefix(20).firstIndex(of: UInt8(ascii: " ")),
                let length = Bytes(rest[rest.startIndex..<space]).decimal,
                length <= UInt64(rest.count)
            else { return false }
            let end = rest.startIndex + Int(length)
            // Behind the number and its space: a key, `=` and the newline at least.
            guard end - space >= 4, rest[end - 1] == UInt8(ascii: "\n") else { return false }
            let record = rest[(space + 1)..<(end - 1)]
            guard let equals = record.firstIndex(of: UInt8(ascii: "=")),
                take(key: Bytes(record[..<equals]), value: Bytes(record[(equals + 1)...]))
            else { return false }
            rest = rest[end...]
        }
        return true
    }

    private mutating func take(key: Bytes, value: Bytes) -> Bool {
        let attributePrefix = "SCHILY.xattr.".bytes
        if key.starts(with: attributePrefix) {
            return takeAttribute(unescaped(key.dropFirst(attributePrefix.count)), value)
        }
        switch key {
        case "path".bytes: path = value
        case "linkpath".bytes: linkTarget = value
        case "uid".bytes: return take(value, into: &uid)
        case "gid".bytes: return take(value, into: &gid)
        case "size".bytes: return take(value, into: &byteCount)
        case "mtime".bytes: return takeTime(value)
        case "GNU.sparse.major".bytes, "GNU.sparse.map".bytes, "GNU.sparse.size".bytes:
            isSparse = true
        default: break
        }
        return true
    }

    private func take(_ value: Bytes, into field: inout Int64?) -> Bool {
        guard let number = value.decimal, let signed = Int64(exactly: number) else { return false }
        field = signed
        return true
    }

    private mutating func takeAttribute(_ name: Bytes, _ value: Bytes) -> Bool {
        // xattr(7): a name of at most 255 bytes, a value of at most 64 KiB.
        guard !name.isEmpty, name.count <= 255, !name.contains(0), value.count <= 65536 else {
            return false
        }
        attributes.removeAll { $0.name == name }
        attributes.append(ArchiveMember.Attribute(name: name, value: value))
        return true
    }

    /// `-12.75` is 250,000,000 nanoseconds behind the 13th second before 1970. Digits beyond the
    /// ninth are cut off towards the past.
    private mutating func takeTime(_ text: Bytes) -> Bool {
        let isNegative = text.first == UInt8(ascii: "-")
        let unsigned = isNegative ? text.dropFirst() : text[...]
        let whole = Bytes(unsigned.prefix { $0 != UInt8(ascii: ".") })
        let fraction = Bytes(unsigned.dropFirst(whole.count + 1))
        guard let number = whole.decimal, number < 1 << 62,
            fraction.isEmpty || fraction.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 })
        else { return false }
        let seconds = Int64(number)
        let digits = fraction.prefix(9) + Bytes(repeating: 0x30, count: max(0, 9 - fraction.count))
        var nanoseconds = digits.reduce(Int64(0)) { $0 * 10 + Int64($1 & 15) }
        if isNegative {
            if fraction.dropFirst(9).contains(where: { $0 != 0x30 }) { nanoseconds += 1 }
            mtimeSeconds = nanoseconds == 0 ? -seconds : -seconds - 1
            mtimeNanoseconds = nanoseconds == 0 ? 0 : 1_000_000_000 - nanoseconds
        } else {
            mtimeSeconds = seconds
            mtimeNanoseconds = nanoseconds
        }
        return true
    }
}

/// `%3D` is `=` and `%25` is `%`; GNU tar writes no others.
private func unescaped(_ name: ArraySlice<UInt8>) -> Bytes {
    var result: Bytes = []
    var rest = name
    while let byte = rest.popFirst() {
        if byte == UInt8(ascii: "%"), rest.starts(with: "3D".bytes) {
            result.append(UInt8(ascii: "="))
            rest = rest.dropFirst(2)
        } else if byte == UInt8(ascii: "%"), rest.starts(with: "25".bytes) {
            result.append(UInt8(ascii: "%"))
            rest = rest.dropFirst(2)
        } else {
            result.append(byte)
        }
    }
    return result
}
