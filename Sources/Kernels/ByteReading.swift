/// Reading little-endian numbers and C strings out of a file's bytes.
extension [UInt8] {
    /// The little-endian number at `offset`, which the caller has checked to be inside.
    func number<Number: FixedWidthInteger>(at offset: Int, as type: Number.Type) -> Number {
        var number: Number = 0
        for index in stride(from: MemoryLayout<Number>.size - 1, through: 0, by: -1) {
            number = number << 8 | Number(truncatingIfNeeded: self[offset + index])
        }
        return number
    }

    func matches(_ text: String, at offset: Int) -> Bool {
        offset <= count && self[offset...].starts(with: text.utf8)
    }

    /// The text from `offset` to the next NUL, or to `end`; empty when `offset` is outside.
    func text(at offset: Int, before end: Int) -> String {
        let end = Swift.min(end, count)
        guard offset >= 0, offset < end else { return "" }
        return String(decoding: self[offset..<end].prefix { $0 != 0 }, as: UTF8.self)
    }
}
