import BakeContract
import Testing

@testable import bake_init

@Suite struct DHCPMessageTests {
    private func reply(_ change: (inout DHCPServerMessage) -> Void) -> DHCPReply? {
        DHCPReply(parsing: DHCPServerMessage.ack(1).with(change))
    }

    private func route(_ network: UInt32, _ count: Int, _ gateway: UInt32) -> IPv4Route {
        IPv4Route(
            network: IPv4Address(bits: network), prefix: IPv4PrefixLength(count: count)!,
            gateway: IPv4Address(bits: gateway))
    }

    @Test(
        arguments: [
            ("example.net", "example.net"), ("a_b-C.1\u{0}", "a_b-C.1"), ("", nil), ("a b", nil),
            ("x\nnameserver 6.6.6.6", nil), ("\u{0}\u{0}", nil), ("gr\u{fc}n", nil),
        ] as [(String, String?)])
    func namesThatMayBeWrittenIntoFiles(sent: String, accepted: String?) {
        let parsed = reply {
            $0.options += [(15, sent.bytes), (12, sent.bytes)]
        }
        #expect(parsed?.domain == accepted?.bytes)
        #expect(parsed?.hostname == accepted?.bytes)
    }

    @Test(
        arguments: [
            ([0x05, 0xdc], 1500), ([0x00, 0x43], nil), ([0x00, 0x44], 68), ([0x05], nil),
        ] as [(Bytes, Int?)])
    func mtu(sent: Bytes, accepted: Int?) {
        #expect(reply { $0.options.append((26, sent)) }?.mtu == accepted)
    }

    @Test(
        arguments: [
            ([255, 0, 255, 0], nil), ([255, 255, 240, 0], 20), ([255], nil),
        ] as [(Bytes, Int?)])
    func masks(sent: Bytes, count: Int?) {
        #expect(reply { $0.options[2] = (1, sent) }?.prefix?.count == count)
    }

    /// The examples of RFC 3442, and one that ends too early.
    @Test func classlessRoutes() {
        let parsed = reply {
            $0.options.append((121, [0, 10, 0, 0, 1, 24, 10, 27, 129, 10, 0, 0, 2]))
        }
        #expect(
            parsed?.classlessRoutes == [
                route(0, 0, 0x0a00_0001), route(0x0a1b_8100, 24, 0x0a00_0002),
            ])
        let onLink = reply {
            $0.options.append((121, [32, 10, 0, 0, 1, 0, 0, 0, 0, 0, 10, 0, 0, 1]))
        }
        #expect(onLink?.classlessRoutes?.first == route(0x0a00_0001, 32, 0))
        for cut: Bytes in [[33], [24, 10, 0], [8, 10, 1, 2, 3]] {
            #expect(reply { $0.options.append((121, cut)) }?.classlessRoutes == nil)
        }
    }

    @Test func optionsInPiecesAndInOtherFields() {
        let parsed = reply {
            $0.options += [(15, "exam".bytes), (52, [1]), (15, "ple.net".bytes)]
            $0.fileOptions = [26, 2, 0x05, 0xdc, 255]
        }
        #expect(parsed?.domain == "example.net".bytes)
        #expect(parsed?.mtu == 1500)
    }

    @Test func everyTruncationIsAnAnswerOrNone() {
        let whole = DHCPServerMessage.ack(1).bytes
        for length in 0..<whole.count {
            let parsed = DHCPReply(parsing: Bytes(whole.prefix(length)))
            // Only the end mark is forgiven.
            #expect((parsed != nil) == (length == whole.count - 1) || parsed?.kind == .ack)
        }
        #expect(DHCPReply(parsing: whole) != nil)
    }

    @Test func packetsAreReadBack() {
        let payload = DHCPServerMessage.offer(1).bytes
        let whole = packet(payload)
        #expect(bake_init.payload(ofPacket: whole, checksumIsFilled: true) == payload)
        // Ethernet pads short packets.
        #expect(
            bake_init.payload(ofPacket: whole + [0, 0, 0], checksumIsFilled: true) == payload)
        for (offset, value) in [(0, 0x65), (6, 0x20), (9, 6), (16, 1), (23, 69), (27, 0xff)] {
            var damaged = whole
            damaged[offset] = UInt8(value)
            #expect(
                bake_init.payload(ofPacket: damaged, checksumIsFilled: true) == nil, "\(offset)")
        }
        var flipped = whole
        flipped[60] ^= 1
        #expect(bake_init.payload(ofPacket: flipped, checksumIsFilled: true) == nil)
        #expect(bake_init.payload(ofPacket: flipped, checksumIsFilled: false) != nil)
    }

    /// Sums by hand: all words of the header, of pseudo header and datagram, are 0xffff together.
    @Test func sentPacketsHaveRightChecksums() {
        for count in [300, 301] {
            let packet = broadcastPacket(carrying: Bytes(repeating: 0xa5, count: count))
            #expect(sum(packet[..<20]) == 0xffff)
            let length = packet.count - 20
            let pseudo = packet[12..<20] + [0, 17, UInt8(length >> 8), UInt8(length & 255)]
            #expect(sum(pseudo + packet[20...]) == 0xffff)
            #expect(Array(packet[12..<24]) == [0, 0, 0, 0, 255, 255, 255, 255, 0, 68, 0, 67])
        }
    }

    @Test func randomPacketsNeverTrap() {
        let whole = packet(DHCPServerMessage.offer(1).bytes)
        for _ in 0..<20_000 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...4) {
                bytes[Int.random(in: 0..<40)] = .random(in: .min ... .max)
            }
            bytes.removeLast(Int.random(in: 0...bytes.count))
            if let payload = bake_init.payload(ofPacket: bytes, checksumIsFilled: false) {
                #expect(payload.count <= bytes.count)
            }
            let noise = (0..<Int.random(in: 0..<600)).map { _ in UInt8.random(in: .min ... .max) }
            #expect(DHCPReply(parsing: noise) == nil)
        }
    }

    private func sum(_ bytes: some Sequence<UInt8>) -> Int {
        var total = 0
        for (index, byte) in bytes.enumerated() {
            total += index % 2 == 0 ? Int(byte) << 8 : Int(byte)
        }
        while total > 0xffff { total = total >> 16 + total & 0xffff }
        return total
    }

    /// From 10.0.2.2:67 to 255.255.255.255:68, checksums by hand.
    private func packet(_ payload: Bytes) -> Bytes {
        let count = payload.count + 28
        var ip: Bytes = [0x45, 0, UInt8(count >> 8), UInt8(count & 255), 0, 1, 0, 0, 64, 17, 0, 0]
        ip += [10, 0, 2, 2, 255, 255, 255, 255]
        let ipSum = 0xffff - sum(ip)
        (ip[10], ip[11]) = (UInt8(ipSum >> 8), UInt8(ipSum & 255))
        let length = count - 20
        var udp: Bytes = [0, 67, 0, 68, UInt8(length >> 8), UInt8(length & 255), 0, 0] + payload
        let pseudo = ip[12..<20] + [0, 17, UInt8(length >> 8), UInt8(length & 255)]
        let udpSum = 0xffff - sum(pseudo + udp)
        (udp[6], udp[7]) = (UInt8(udpSum >> 8), UInt8(udpSum & 255))
        return ip + udp
    }
}
