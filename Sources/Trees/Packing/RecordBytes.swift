/// Writes one record: numbers in as few bytes as they need (LEB128), bytes behind their count.
struct RecordWriter {
    private(set) var bytes: Bytes = []

    mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    mutating func append(_ number: UInt64) {
        var rest = number
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    mutating func append(_ number: some BinaryInteger & UnsignedInteger) {
        append(UInt64(number))
    }

    /// Small where the number is near zero, on either side.
    mutating func append(signed number: Int64) {
        append(UInt64(bitPattern: number << 1 ^ number >> 63))
    }

    mutating func append(_ content: Bytes) {
        append(UInt64(content.count))
        bytes += content
    }
}

/// Reads what a `RecordWriter` wrote, in its order.
struct RecordReader {
    private var next: UnsafePointer<UInt8>

    init(_ start: UnsafePointer<UInt8>) {
        next = start
    }

    mutating func number() -> UInt64 {
        var number: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let byte = next.pointee
            next += 1
            number |= UInt64(byte & 0x7f) &<< shift
            if byte < 0x80 { return number }
            shift += 7
        }
    }

    mutating func number<Number: FixedWidthInteger>(as type: Number.Type) -> Number {
        Number(truncatingIfNeeded: number())
    }

    mutating func signed() -> Int64 {
        let number = number()
        return Int64(bitPattern: number >> 1) ^ -Int64(bitPattern: number & 1)
    }

    /// Good as long as the record is.
    mutating func buffer() -> UnsafeBufferPointer<UInt8> {
        let count = Int(number())
        defer { next += count }
        return UnsafeBufferPointer(start: next, count: count)
    }

    mutating func bytes() -> Bytes { Bytes(buffer()) }
}
