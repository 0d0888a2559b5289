/// A pass over JSON text that knows where everything stands, which json-c's values do not.
///
/// It runs beside json-c: what json-c accepts is walked here a second time by the grammar of
/// RFC 8259, so that the two must agree, and what json-c lets through in silence (NaN, control
/// characters in strings, lone surrogates, keys cut at NUL) is refused with its place.
struct JSONText {
    let bytes: Bytes
    var offset = 0

    init(_ bytes: Bytes) {
        self.bytes = bytes
    }

    /// The next byte, or nil at the end.
    var next: UInt8? { offset < bytes.count ? bytes[offset] : nil }

    func fault(_ problem: JSONProblem) -> JSONFault { JSONFault(offset: offset, problem: problem) }

    mutating func skipSpace() {
        while let byte = next, byte == ASCII.space || (byte >= 0x09 && byte <= 0x0d) {
            // Vertical tab and form feed are no white space in JSON; they fail at the next token.
            if byte == 0x0b || byte == 0x0c { return }
            offset += 1
        }
    }

    mutating func expect(_ byte: UInt8, _ what: StaticString) throws(JSONFault) {
        skipSpace()
        guard next == byte else { throw fault(.expected(what)) }
        offset += 1
    }

    /// A member of an array or object, or its end. `isFirst`: no comma stands before it.
    mutating func hasElement(before end: UInt8, isFirst: Bool) throws(JSONFault) -> Bool {
        skipSpace()
        if next == end {
            offset += 1
            return false
        }
        if isFirst { return true }
        guard next == ASCII.comma else {
            throw fault(.expected(end == ASCII.rightBrace ? "',' or '}'" : "',' or ']'"))
        }
        offset += 1
        skipSpace()
        if next == end { throw fault(.trailingComma) }
        return true
    }

    /// A string with its quotes: the bytes between them, escapes as they are written.
    mutating func skipString() throws(JSONFault) -> Range<Int> {
        skipSpace()
        guard next == ASCII.doubleQuote else { throw fault(.expected("a string in double quotes")) }
        let start = offset
        offset += 1
        while let byte = next {
            switch byte {
            case ASCII.doubleQuote:
                offset += 1
                return (start + 1)..<(offset - 1)
            case ASCII.backslash: try skipEscape()
            case 0..<0x20: throw fault(.controlCharacter(byte))
            default: offset += 1
            }
        }
        offset = start
        throw fault(.unterminatedString)
    }

    private mutating func skipEscape() throws(JSONFault) {
        guard offset + 1 < bytes.count else { throw fault(.unterminatedString) }
        switch bytes[offset + 1] {
        case 0x22, 0x5c, 0x2f, 0x62, 0x66, 0x6e, 0x72, 0x74: offset += 2
        case ASCII.lowerU:
            guard let unit = unit(at: offset) else { throw fault(.badEscape) }
            if unit >= 0xdc00 && unit <= 0xdfff { throw fault(.loneSurrogate) }
            if unit >= 0xd800 && unit <= 0xdbff {
                guard let low = self.unit(at: offset + 6), low >= 0xdc00 && low <= 0xdfff else {
                    throw fault(.loneSurrogate)
                }
                offset += 6
            }
            offset += 6
        default: throw fault(.badEscape)
        }
    }

    /// The UTF-16 unit of a `\uXXXX` at an offset.
    func unit(at start: Int) -> UInt16? {
        guard bytes.starts(with: "\\u", at: start), bytes.count - start >= 6 else { return nil }
        var unit: UInt16 = 0
        for index in 2..<6 {
            guard let digit = hexValue(bytes[start + index]) else { return nil }
            unit = unit << 4 | UInt16(digit)
        }
        return unit
    }

    /// A number by RFC 8259's grammar: where its text stands.
    mutating func skipNumber() throws(JSONFault) -> Range<Int> {
        let start = offset
        if next == ASCII.minus { offset += 1 }
        let isZero = next == ASCII.zero
        guard skipDigits() else { throw fault(.expected("a value")) }
        if isZero && offset - start > (bytes[start] == ASCII.minus ? 2 : 1) {
            offset = start
            throw fault(.leadingZero)
        }
        if next == ASCII.dot {
            offset += 1
            guard skipDigits() else { throw fault(.expected("a digit")) }
        }
        if next == 0x65 || next == 0x45 {
            offset += 1
            if next == ASCII.plus || next == ASCII.minus { offset += 1 }
            guard skipDigits() else { throw fault(.expected("a digit")) }
        }
        return start..<offset
    }

    private mutating func skipDigits() -> Bool {
        let start = offset
        while let byte = next, ASCII.isDigit(byte) { offset += 1 }
        return offset > start
    }

    mutating func skipWord(_ word: StaticString) throws(JSONFault) {
        guard bytes.starts(with: word, at: offset) else { throw fault(.expected("a value")) }
        offset += word.utf8CodeUnitCount
    }

    /// Any value of a text that was parsed before; its depth is bounded by that parse.
    mutating func skipValue() throws(JSONFault) {
        skipSpace()
        switch next {
        case ASCII.leftBrace:
            offset += 1
            var isFirst = true
            while try hasElement(before: ASCII.rightBrace, isFirst: isFirst) {
                isFirst = false
                _ = try skipString()
                try expect(ASCII.colon, "':'")
                try skipValue()
            }
        case ASCII.leftBracket:
            offset += 1
            var isFirst = true
            while try hasElement(before: ASCII.rightBracket, isFirst: isFirst) {
                isFirst = false
                try skipValue()
            }
        case ASCII.doubleQuote: _ = try skipString()
        case 0x74: try skipWord("true")
        case 0x66: try skipWord("false")
        case 0x6e: try skipWord("null")
        default: _ = try skipNumber()
        }
    }

    /// Line and column of an offset, both from 1; columns count characters.
    func position(of offset: Int) -> TextPosition {
        var position = TextPosition(line: 1, column: 1)
        for byte in bytes.prefix(max(offset, 0)) {
            if byte == ASCII.newline {
                position.line += 1
                position.column = 1
            } else if byte & 0xc0 != 0x80 {
                position.column += 1
            }
        }
        return position
    }
}

/// What is wrong with a JSON text, and at which byte.
public struct JSONFault: Error {
    public var offset: Int
    public var problem: JSONProblem
}
