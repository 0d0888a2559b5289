/// Names, link targets, contents: what Linux hands over without promising any encoding.
public typealias Bytes = [UInt8]

extension String {
    /// Text for people. Printable UTF-8 stays as it is; control bytes, bytes that are not UTF-8
    /// and backslashes become `\xNN` or `\\`, so a hostile name can neither move the cursor nor
    /// forge a second line of a message, and two different names never look the same.
    public init(printable bytes: Bytes) {
        var text = ""
        text.reserveCapacity(bytes.count)
        var rest = bytes[...]
        while let first = rest.first {
            let scalar = Self.leadingScalar(of: rest)
            switch scalar {
            case "\\": text += "\\\\"
            case let scalar? where Self.isPrintable(scalar): text.unicodeScalars.append(scalar)
            default: text += Self.escape(first)
            }
            let keptWhole = scalar.map { Self.isPrintable($0) } ?? false
            rest = rest.dropFirst(keptWhole ? Swift.max(1, scalar.map(Self.width) ?? 1) : 1)
        }
        self = text
    }

    private static func leadingScalar(of bytes: ArraySlice<UInt8>) -> Unicode.Scalar? {
        var decoder = UTF8()
        var iterator = bytes.prefix(4).makeIterator()
        guard case .scalarValue(let scalar) = decoder.decode(&iterator) else { return nil }
        return scalar
    }

    private static func width(_ scalar: Unicode.Scalar) -> Int { UTF8.width(scalar) }

    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse,
            .unassigned:
            false
        default: true
        }
    }

    private static func escape(_ byte: UInt8) -> String {
        let digits = Array("0123456789abcdef")
        return "\\x\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
    }
}

extension Collection<UInt8> {
    /// The bytes with a NUL behind them, as system calls take paths.
    var terminated: [CChar] {
        let count = self.count
        return [CChar](unsafeUninitializedCapacity: count + 1) { buffer, filled in
            let copy = UnsafeMutableRawBufferPointer(buffer)
            copy.copyBytes(from: self)
            copy[count] = 0
            filled = count + 1
        }
    }
}
