import BakeContract
import CGuest

// Generic netlink: families of messages with names, groups one can listen to. Numbers and layouts:
// linux/netlink.h, linux/genetlink.h; all little-endian here, padded to four bytes.

private let netlinkHeaderByteCount = 16
private let genericHeaderByteCount = 4

/// The request to the controller for what a family is made of.
func familyRequest(_ name: Bytes) -> Bytes {
    let controller: UInt16 = 0x10
    let isRequest: UInt16 = 1
    let getFamily: UInt8 = 3
    let familyName: UInt16 = 2
    let text = name + [0]
    let attribute = littleEndian(UInt16(4 + text.count)) + littleEndian(familyName) + text.padded
    let payload: Bytes = [getFamily, 1, 0, 0] + attribute
    let byteCount = UInt32(netlinkHeaderByteCount + payload.count)
    return littleEndian(byteCount) + littleEndian(controller) + littleEndian(isRequest)
        + Bytes(repeating: 0, count: 8) + payload
}

/// The number of a family's group, from the controller's answer; nil when it has none of that name.
func groupNumber(_ name: Bytes, inAnswer message: Bytes) -> UInt32? {
    let groups: UInt16 = 7
    let (groupName, groupID): (UInt16, UInt16) = (1, 2)
    for list in attributes(ofMessage: message) where list.type == groups {
        for group in attributes(in: list.payload) {
            let fields = attributes(in: group.payload)
            let isWanted = fields.contains { $0.type == groupName && $0.payload == name + [0] }
            guard isWanted, let number = fields.first(where: { $0.type == groupID })?.payload,
                number.count == 4
            else { continue }
            return number.reversed().reduce(0) { $0 << 8 | UInt32($1) }
        }
    }
    return nil
}

struct NetlinkAttribute: Equatable {
    /// Without the flags in its two upper bits.
    var type: UInt16
    var payload: Bytes
}

/// The attributes of the first message in a buffer; none of an error message.
func attributes(ofMessage message: Bytes) -> [NetlinkAttribute] {
    let error: UInt16 = 2
    let start = netlinkHeaderByteCount + genericHeaderByteCount
    guard message.count >= start else { return [] }
    let byteCount = Int(message[0]) | Int(message[1]) << 8 | Int(message[2]) << 16
    let type = UInt16(message[4]) | UInt16(message[5]) << 8
    guard type != error, byteCount >= start, byteCount <= message.count else { return [] }
    return attributes(in: Bytes(message[start..<byteCount]))
}

/// Attributes one behind the other, up to the first that does not fit.
func attributes(in bytes: Bytes) -> [NetlinkAttribute] {
    var attributes: [NetlinkAttribute] = []
    var start = 0
    while bytes.count - start >= 4 {
        let byteCount = Int(bytes[start]) | Int(bytes[start + 1]) << 8
        let type = UInt16(bytes[start + 2]) | UInt16(bytes[start + 3] & 0x3f) << 8
        guard byteCount >= 4, byteCount <= bytes.count - start else { break }
        attributes.append(
            NetlinkAttribute(type: type, payload: Bytes(bytes[start + 4..<start + byteCount])))
        start += (byteCount + 3) & ~3
    }
    return attributes
}

private func littleEndian(_ value: some FixedWidthInteger) -> Bytes {
    var bytes = Bytes()
    for shift in stride(from: 0, to: value.bitWidth, by: 8) {
        bytes.append(UInt8(truncatingIfNeeded: value >> shift))
    }
    return bytes
}

extension Array where Element == UInt8 {
    fileprivate var padded: Bytes { self + Bytes(repeating: 0, count: (4 - count % 4) % 4) }
}
