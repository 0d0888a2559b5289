// Numbers in the bytes of an image. Everything in the format is little-endian.

extension Array where Element == UInt8 {
    /// The number at `offset`, or nil where it does not lie inside the bytes. Never traps:
    /// the offset may come from a file that somebody else wrote.
    func littleEndian<Number: FixedWidthInteger & UnsignedInteger>(
        _ type: Number.Type, at offset: Int
    ) -> Number? {
        let size = MemoryLayout<Number>.size
        guard offset >= 0, count >= size, offset <= count - size else { return nil }
        var number: Number = 0
        for index in (0..<size).reversed() {
            number = (number << 8) | Number(self[offset + index])
        }
        return number
    }

    /// Overwrites the bytes at `offset`, which must exist.
    mutating func store<Number: FixedWidthInteger & UnsignedInteger>(
        littleEndian number: Number, at offset: Int
    ) {
        for index in 0..<MemoryLayout<Number>.size {
            self[offset + index] = UInt8(truncatingIfNeeded: number >> (8 * index))
        }
    }

    mutating func append<Number: FixedWidthInteger & UnsignedInteger>(
        littleEndian number: Number
    ) {
        for index in 0..<MemoryLayout<Number>.size {
            append(UInt8(truncatingIfNeeded: number >> (8 * index)))
        }
    }

    /// Appends zeros until the length is a multiple of `alignment`.
    mutating func pad(toMultipleOf alignment: Int) {
        let paddedCount = count.roundedUp(toMultipleOf: alignment)
        append(contentsOf: repeatElement(0, count: paddedCount - count))
    }
}

extension Int {
    /// The next multiple of `alignment`, or the number itself where it is one.
    func roundedUp(toMultipleOf alignment: Int) -> Int {
        (self + alignment - 1) / alignment * alignment
    }
}
