// IPv4 and UDP headers around a DHCP message, for the time before the interface has an address
// (RFC 791, RFC 768). Pure.

import BakeContract

enum DHCPPort {
    static let server: UInt16 = 67
    static let client: UInt16 = 68
}

private let ipHeaderByteCount = 20
private let udpHeaderByteCount = 8
private let udpProtocol: UInt8 = 17

/// A whole IPv4 packet from the client's port to the server's, from 0.0.0.0 to everybody.
func broadcastPacket(carrying payload: Bytes) -> Bytes {
    let source = IPv4Address.any
    let destination = IPv4Address.broadcast
    let udpByteCount = UInt16(udpHeaderByteCount + payload.count)

    var ip: Bytes = [0x45, 0]
    ip.append(UInt16(ipHeaderByteCount) + udpByteCount)
    ip += [0, 0, 0, 0, 64, udpProtocol, 0, 0]
    ip.append(source)
    ip.append(destination)
    ip.replaceSubrange(10..<12, with: internetChecksum(of: ip).bytes)

    var udp: Bytes = []
    udp.append(DHCPPort.client)
    udp.append(DHCPPort.server)
    udp.append(udpByteCount)
    udp.append(0 as UInt16)
    udp += payload
    let checksum = udpChecksum(of: udp, from: source, to: destination)
    udp.replaceSubrange(6..<8, with: (checksum == 0 ? 0xffff : checksum).bytes)
    return ip + udp
}

/// What a packet carries to the client's port; nil for any other packet and for damaged ones.
/// `checksumIsFilled` is false where the sender left the UDP checksum to the network card, as
/// virtual machines on one host do (packet(7), TP_STATUS_CSUMNOTREADY).
func payload(ofPacket packet: Bytes, checksumIsFilled: Bool) -> Bytes? {
    guard packet.count >= ipHeaderByteCount, packet[0] >> 4 == 4 else { return nil }
    let headerByteCount = Int(packet[0] & 15) * 4
    let totalByteCount = Int(packet.number(at: 2))
    guard headerByteCount >= ipHeaderByteCount,
        totalByteCount >= headerByteCount + udpHeaderByteCount, totalByteCount <= packet.count,
        packet[9] == udpProtocol,
        packet.number(at: 6) & 0x3fff == 0,  // neither a fragment nor followed by one
        internetChecksum(of: packet[..<headerByteCount]) == 0
    else { return nil }

    let udp = packet[headerByteCount..<totalByteCount]
    let udpByteCount = Int(packet.number(at: headerByteCount + 4))
    guard udpByteCount >= udpHeaderByteCount, udpByteCount <= udp.count,
        packet.number(at: headerByteCount + 2) == DHCPPort.client
    else { return nil }
    let message = udp.prefix(udpByteCount)
    if checksumIsFilled, packet.number(at: headerByteCount + 6) != 0 {
        let source = IPv4Address(bits: packet.address(at: 12))
        let destination = IPv4Address(bits: packet.address(at: 16))
        guard udpChecksum(of: message, from: source, to: destination) == 0 else { return nil }
    }
    return Array(message.dropFirst(udpHeaderByteCount))
}

private func udpChecksum(
    of message: some Collection<UInt8>, from source: IPv4Address, to destination: IPv4Address
) -> UInt16 {
    var pseudoHeader: Bytes = []
    pseudoHeader.append(source)
    pseudoHeader.append(destination)
    pseudoHeader += [0, udpProtocol]
    pseudoHeader.append(UInt16(truncatingIfNeeded: message.count))
    return internetChecksum(of: pseudoHeader + message)
}

/// RFC 1071. Over data with a right checksum in it, 0.
private func internetChecksum(of bytes: some Collection<UInt8>) -> UInt16 {
    var sum: UInt64 = 0
    var isHigh = true
    for byte in bytes {
        sum += isHigh ? UInt64(byte) << 8 : UInt64(byte)
        isHigh.toggle()
    }
    while sum > 0xffff { sum = (sum & 0xffff) + (sum >> 16) }
    return ~UInt16(sum)
}

extension UInt16 {
    fileprivate var bytes: Bytes { [UInt8(self >> 8), UInt8(self & 255)] }
}

extension Bytes {
    fileprivate mutating func append(_ number: UInt16) { self += number.bytes }

    fileprivate mutating func append(_ address: IPv4Address) {
        append(UInt16(address.bits >> 16))
        append(UInt16(address.bits & 0xffff))
    }

    fileprivate func number(at offset: Int) -> UInt16 {
        UInt16(self[offset]) << 8 | UInt16(self[offset + 1])
    }

    fileprivate func address(at offset: Int) -> UInt32 {
        UInt32(number(at: offset)) << 16 | UInt32(number(at: offset + 2))
    }
}
