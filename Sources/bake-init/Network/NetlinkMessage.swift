// Netlink messages and their attributes as bytes (netlink(7)): a header of 16 bytes, a struct by
// the message's type, then attributes; all numbers in the machine's own order, which is
// little-endian. Pure; every input has an answer.

import BakeContract

struct NetlinkMessage: Equatable, Sendable {
    static let headerByteCount = 16
    private static let alignment = 4

    var type: UInt16
    var flags: UInt16 = 0
    var sequence: UInt32 = 0
    /// What follows the header.
    var payload: Bytes

    func encoded() -> Bytes {
        var bytes: Bytes = []
        bytes.append(native: UInt32(Self.headerByteCount + payload.count))
        bytes.append(native: type)
        bytes.append(native: flags)
        bytes.append(native: sequence)
        bytes.append(native: 0 as UInt32)  // from no port in particular
        return bytes + payload
    }

    /// The messages of one datagram, up to the first that is cut off.
    static func parse(_ datagram: Bytes) -> [NetlinkMessage] {
        var messages: [NetlinkMessage] = []
        var start = 0
        while datagram.count - start >= headerByteCount {
            let byteCount = Int(datagram.native32(at: start))
            guard byteCount >= headerByteCount, byteCount <= datagram.count - start else { break }
            messages.append(
                NetlinkMessage(
                    type: datagram.native16(at: start + 4),
                    flags: datagram.native16(at: start + 6),
                    sequence: datagram.native32(at: start + 8),
                    payload: Bytes(datagram[(start + headerByteCount)..<(start + byteCount)])))
            start += aligned(byteCount)
        }
        return messages
    }

    static func aligned(_ byteCount: Int) -> Int {
        (byteCount + alignment - 1) / alignment * alignment
    }
}

/// The attributes of a message: length with the header, type, value, padding to four bytes.
struct NetlinkAttributes: Equatable, Sendable {
    private static let headerByteCount = 4
    /// NLA_F_NESTED and NLA_F_NET_BYTEORDER, which are no part of the type.
    private static let typeMask: UInt16 = 0x3fff

    private var values: [(type: UInt16, value: Bytes)] = []

    init() {}

    /// `payload` from behind the message's struct, `start` bytes in; what is cut off is left out.
    init(_ payload: Bytes, from start: Int) {
        var start = start
        while payload.count - start >= Self.headerByteCount {
            let byteCount = Int(payload.native16(at: start))
            guard byteCount >= Self.headerByteCount, byteCount <= payload.count - start else {
                return
            }
            let value = Bytes(payload[(start + Self.headerByteCount)..<(start + byteCount)])
            values.append((payload.native16(at: start + 2) & Self.typeMask, value))
            start += NetlinkMessage.aligned(byteCount)
        }
    }

    subscript(type: Int) -> Bytes? {
        values.first { Int($0.type) == type }?.value
    }

    func number32(_ type: Int) -> UInt32? {
        guard let value = self[type], value.count == 4 else { return nil }
        return value.native32(at: 0)
    }

    /// Up to the NUL that the kernel puts behind names.
    func name(_ type: Int) -> Bytes? {
        self[type].map { Bytes($0.prefix { $0 != 0 }) }
    }

    mutating func add(_ type: Int, _ value: Bytes) {
        values.append((UInt16(truncatingIfNeeded: type), value))
    }

    mutating func add(_ type: Int, _ number: UInt32) {
        var value: Bytes = []
        value.append(native: number)
        add(type, value)
    }

    func encoded() -> Bytes {
        var bytes: Bytes = []
        for (type, value) in values {
            bytes.append(native: UInt16(Self.headerByteCount + value.count))
            bytes.append(native: type)
            bytes += value
            let end = NetlinkMessage.aligned(bytes.count)
            bytes += Bytes(repeating: 0, count: end - bytes.count)
        }
        return bytes
    }

    static func == (left: NetlinkAttributes, right: NetlinkAttributes) -> Bool {
        left.values.elementsEqual(right.values) { $0.type == $1.type && $0.value == $1.value }
    }
}

extension Array where Element == UInt8 {
    /// Where there are not that many bytes, 0: callers have looked at the length before.
    func native16(at offset: Int) -> UInt16 {
        guard offset >= 0, count - offset >= 2 else { return 0 }
        return UInt16(self[offset]) | UInt16(self[offset + 1]) << 8
    }

    func native32(at offset: Int) -> UInt32 {
        UInt32(native16(at: offset)) | UInt32(native16(at: offset + 2)) << 16
    }

    mutating func append(native number: UInt16) {
        self += [UInt8(number & 255), UInt8(number >> 8)]
    }

    mutating func append(native number: UInt32) {
        append(native: UInt16(number & 0xffff))
        append(native: UInt16(number >> 16))
    }
}
