import BakeContract

// Paths, arguments and console lines are bytes here as everywhere; literals are written as text.

extension String {
    /// The UTF-8 bytes, without the NUL a C string would have.
    var bytes: Bytes { Bytes(utf8) }
}

extension Array where Element == UInt8 {
    /// For messages: invalid UTF-8 and control characters are shown as `\xNN`, so that a file name
    /// cannot move a terminal's cursor.
    var shown: String {
        var text = ""
        for byte in self {
            if byte >= 0x20, byte < 0x7f, byte != UInt8(ascii: "\\") {
                text.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let digits: StaticString = "0123456789abcdef"
                text += "\\x"
                for nibble in [byte >> 4, byte & 15] {
                    text.unicodeScalars.append(
                        Unicode.Scalar(digits.utf8Start[Int(nibble)]))
                }
            }
        }
        return text
    }

    /// The words between white space, as /proc/filesystems and /etc/passwd need them.
    func split(at separator: UInt8) -> [Bytes] {
        split(separator: separator, omittingEmptySubsequences: false).map { Bytes($0) }
    }

    /// The lines without their newlines; a last line without one counts, an empty rest does not.
    var lines: [Bytes] {
        var lines = split(at: UInt8(ascii: "\n"))
        if lines.last?.isEmpty == true { lines.removeLast() }
        return lines
    }

    /// Without spaces, tabs and newlines at both ends.
    var trimmed: Bytes {
        let isSpace: (UInt8) -> Bool = { $0 == 0x20 || ($0 >= 0x09 && $0 <= 0x0d) }
        guard let first = firstIndex(where: { !isSpace($0) }),
            let last = lastIndex(where: { !isSpace($0) })
        else { return [] }
        return Bytes(self[first...last])
    }

    /// An unsigned decimal number, nothing before or behind it; nil for anything else.
    var decimal: UInt64? {
        guard !isEmpty else { return nil }
        var value: UInt64 = 0
        for byte in self {
            guard byte >= 0x30, byte <= 0x39 else { return nil }
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(UInt64(byte - 0x30))
            guard !overflow, !carry else { return nil }
            value = sum
        }
        return value
    }

    /// Lower-case hexadecimal.
    var hexadecimal: Bytes {
        let digits = "0123456789abcdef".bytes
        return flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    }

    /// The bytes that an even number of hexadecimal digits stands for; other text gives nothing.
    var fromHexadecimal: Bytes {
        var bytes = Bytes()
        for start in stride(from: 0, to: count - 1, by: 2) {
            guard let high = Self.digitValue(self[start]),
                let low = Self.digitValue(self[start + 1])
            else { return [] }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    private static func digitValue(_ digit: UInt8) -> UInt8? {
        switch digit {
        case 0x30...0x39: digit - 0x30
        case 0x61...0x66: digit - 0x61 + 10
        default: nil
        }
    }
}
