/// JSON text from a value, the same bytes for the same value wherever it is made: keys sorted by
/// their bytes, numbers as they were written.
extension JSONValue {
    /// One line without spaces: `{"a":1,"b":[true,null]}`.
    public var compactText: Bytes {
        var writer = JSONWriter(indentation: nil, isASCII: false)
        writer.write(sorted, depth: 0)
        return writer.text
    }

    /// Two spaces a level, `"key": value`, a newline at the end.
    public var prettyText: Bytes {
        var writer = JSONWriter(indentation: 2, isASCII: false)
        writer.write(sorted, depth: 0)
        return writer.text + [ASCII.newline]
    }
}

struct JSONWriter {
    /// Spaces a level; nil for one line.
    let indentation: Int?
    /// For a kernel command line: spaces, quotes, backslashes and all beyond ASCII as `\u00XX`, so
    /// that every `"` in the text begins or ends a string and no space stands in it.
    let isASCII: Bool
    var text: Bytes = []

    init(indentation: Int?, isASCII: Bool) {
        self.indentation = indentation
        self.isASCII = isASCII
    }

    mutating func write(_ value: JSONValue, depth: Int) {
        switch value {
        case .null: text += Bytes("null")
        case .bool(let flag): text += flag ? Bytes("true") : Bytes("false")
        case .number(let digits): text += digits
        case .string(let bytes): writeString(bytes)
        case .array(let elements):
            text.append(ASCII.leftBracket)
            for index in elements.indices {
                separate(index: index, depth: depth + 1)
                write(elements[index], depth: depth + 1)
            }
            if !elements.isEmpty { breakLine(depth: depth) }
            text.append(ASCII.rightBracket)
        case .object(let members):
            text.append(ASCII.leftBrace)
            for index in members.indices {
                separate(index: index, depth: depth + 1)
                writeString(members[index].key)
                text.append(ASCII.colon)
                if indentation != nil { text.append(ASCII.space) }
                write(members[index].value, depth: depth + 1)
            }
            if !members.isEmpty { breakLine(depth: depth) }
            text.append(ASCII.rightBrace)
        }
    }

    private mutating func separate(index: Int, depth: Int) {
        if index > 0 { text.append(ASCII.comma) }
        breakLine(depth: depth)
    }

    private mutating func breakLine(depth: Int) {
        guard let indentation else { return }
        text.append(ASCII.newline)
        text += Bytes(repeating: ASCII.space, count: indentation * depth)
    }

    mutating func writeString(_ bytes: Bytes) {
        text.append(ASCII.doubleQuote)
        if isASCII {
            for scalar in bytes.text.unicodeScalars { writeForCommandLine(scalar.value) }
        } else {
            for byte in bytes { writeByte(byte) }
        }
        text.append(ASCII.doubleQuote)
    }

    private mutating func writeByte(_ byte: UInt8) {
        switch byte {
        case ASCII.doubleQuote, ASCII.backslash: text += [ASCII.backslash, byte]
        case ASCII.newline: text += Bytes("\\n")
        case ASCII.tab: text += Bytes("\\t")
        case ASCII.carriageReturn: text += Bytes("\\r")
        case 0..<0x20, 0x7f: writeUnit(UInt32(byte))
        default: text.append(byte)
        }
    }

    private mutating func writeForCommandLine(_ scalar: UInt32) {
        switch scalar {
        case 0x20, 0x22, 0x5c: writeUnit(scalar)
        case 0x21...0x7e: text.append(UInt8(truncatingIfNeeded: scalar))
        case 0...0xffff: writeUnit(scalar)
        default:
            writeUnit(0xd800 + ((scalar - 0x10000) >> 10))
            writeUnit(0xdc00 + ((scalar - 0x10000) & 0x3ff))
        }
    }

    /// `\uXXXX` of one UTF-16 unit.
    private mutating func writeUnit(_ unit: UInt32) {
        text += [ASCII.backslash, ASCII.lowerU]
        for shift: UInt32 in [12, 8, 4, 0] {
            text.append(hexDigit(UInt8(truncatingIfNeeded: unit >> shift) & 15))
        }
    }
}
