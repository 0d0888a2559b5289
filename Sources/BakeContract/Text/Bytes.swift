/// Paths, arguments, environment and file contents: byte strings, because Linux says so.
public typealias Bytes = [UInt8]

extension Array where Element == UInt8 {
    /// The UTF-8 bytes of a text. (Embedded Swift compares bytes, never Strings: comparing Strings
    /// needs Unicode tables.)
    init(_ text: String) {
        self = Array(text.utf8)
    }

    /// The bytes as text for people: invalid UTF-8 becomes U+FFFD.
    var text: String { String(decoding: self, as: UTF8.self) }

    /// The bytes as one line on a terminal: control bytes as `\xNN`, invalid UTF-8 as U+FFFD.
    var printable: String {
        var shown: Bytes = []
        for byte in self {
            if byte >= 0x20 && byte != 0x7f {
                shown.append(byte)
            } else {
                shown += [ASCII.backslash, ASCII.lowerX, hexDigit(byte >> 4), hexDigit(byte & 15)]
            }
        }
        return shown.text
    }

    func starts(with text: StaticString, at offset: Int = 0) -> Bool {
        guard offset >= 0, offset <= count, count - offset >= text.utf8CodeUnitCount else {
            return false
        }
        for index in 0..<text.utf8CodeUnitCount
        where self[offset + index] != text.utf8Start[index] {
            return false
        }
        return true
    }

    func equals(_ text: StaticString) -> Bool {
        count == text.utf8CodeUnitCount && starts(with: text)
    }
}

/// Whether `left` stands before `right`, byte by byte.
func isOrdered(_ left: Bytes, before right: Bytes) -> Bool {
    left.lexicographicallyPrecedes(right)
}

/// The lower-case hexadecimal digit of a number below 16.
func hexDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? 0x30 &+ value : 0x57 &+ value
}

/// The value of a hexadecimal digit of either case.
func hexValue(_ digit: UInt8) -> UInt8? {
    switch digit {
    case 0x30...0x39: digit &- 0x30
    case 0x41...0x46: digit &- 0x37
    case 0x61...0x66: digit &- 0x57
    default: nil
    }
}

/// The bytes our grammars are made of, by name.
enum ASCII {
    static let tab: UInt8 = 0x09
    static let newline: UInt8 = 0x0a
    static let carriageReturn: UInt8 = 0x0d
    static let space: UInt8 = 0x20
    static let doubleQuote: UInt8 = 0x22
    static let singleQuote: UInt8 = 0x27
    static let plus: UInt8 = 0x2b
    static let comma: UInt8 = 0x2c
    static let minus: UInt8 = 0x2d
    static let dot: UInt8 = 0x2e
    static let slash: UInt8 = 0x2f
    static let zero: UInt8 = 0x30
    static let colon: UInt8 = 0x3a
    static let equals: UInt8 = 0x3d
    static let leftBracket: UInt8 = 0x5b
    static let backslash: UInt8 = 0x5c
    static let rightBracket: UInt8 = 0x5d
    static let underscore: UInt8 = 0x5f
    static let lowerU: UInt8 = 0x75
    static let lowerX: UInt8 = 0x78
    static let leftBrace: UInt8 = 0x7b
    static let rightBrace: UInt8 = 0x7d

    static func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
}
