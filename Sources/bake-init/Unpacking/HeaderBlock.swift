// The 512 bytes before a member: ustar, and the older shapes GNU tar reads (IEEE Std 1003.1, pax,
// *ustar Interchange Format*; GNU tar's manual, *Basic Tar Format*). Pure.

import BakeContract

struct HeaderBlock {
    static let byteCount = 512

    private let bytes: Bytes

    /// nil when the checksum is wrong. Some old programs summed signed bytes; both sums are taken.
    init?(_ bytes: Bytes) {
        guard bytes.count == HeaderBlock.byteCount else { return nil }
        self.bytes = bytes
        var unsigned: Int64 = 0
        var signed: Int64 = 0
        for index in 0..<HeaderBlock.byteCount {
            let isChecksum = index >= 148 && index < 156
            let byte = isChecksum ? UInt8(ascii: " ") : bytes[index]
            unsigned += Int64(byte)
            signed += Int64(Int8(bitPattern: byte))
        }
        guard let sum = number(at: 148..<156), sum == unsigned || sum == signed else {
            return nil
        }
    }

    var type: UInt8 { bytes[156] }
    var mode: Int64? { number(at: 100..<108) }
    var uid: Int64? { number(at: 108..<116) }
    var gid: Int64? { number(at: 116..<124) }
    var byteCount: Int64? { number(at: 124..<136) }
    var mtime: Int64? { number(at: 136..<148) }
    var deviceMajor: Int64? { number(at: 329..<337) }
    var deviceMinor: Int64? { number(at: 337..<345) }
    var linkTarget: Bytes { text(at: 157..<257) }

    /// With the prefix that ustar has and GNU's own format (`ustar  `) has not.
    var name: Bytes {
        let isUstar = bytes[257..<263].elementsEqual("ustar\0".bytes)
        let prefix = isUstar ? text(at: 345..<500) : []
        let name = text(at: 0..<100)
        return prefix.isEmpty ? name : prefix + [UInt8(ascii: "/")] + name
    }

    private func text(at range: Range<Int>) -> Bytes { Bytes(bytes[range].prefix { $0 != 0 }) }

    /// Octal digits between spaces and NULs, nothing at all for 0; or, with the highest bit set,
    /// base 256 in two's complement.
    private func number(at range: Range<Int>) -> Int64? {
        let field = bytes[range]
        if let first = field.first, first & 0x80 != 0 { return binaryNumber(field) }
        var value: Int64 = 0
        let digits = field.drop { $0 == UInt8(ascii: " ") }
            .prefix { $0 != UInt8(ascii: " ") && $0 != 0 }
        for digit in digits {
            guard digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "7") else { return nil }
            value = value << 3 | Int64(digit & 7)  // At most 12 digits: 36 bits.
        }
        return value
    }

    private func binaryNumber(_ field: ArraySlice<UInt8>) -> Int64? {
        guard let first = field.first else { return nil }
        var value: Int64 = first & 0x40 == 0 ? Int64(first & 0x3f) : Int64(first & 0x3f) - 0x40
        for byte in field.dropFirst() {
            let (shifted, overflow) = value.multipliedReportingOverflow(by: 256)
            if overflow { return nil }
            value = shifted | Int64(byte)
        }
        return value
    }
}
