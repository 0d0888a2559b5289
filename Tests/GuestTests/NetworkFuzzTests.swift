import Testing

@testable import BakeContract
@testable import bake_init

/// PID 1 reads what anybody on the link sends. Good messages, damaged in ways that are the same at
/// every run: no parser may trap, and nothing may come out that could not be used.
@Suite struct NetworkFuzzTests {
    private static let caseCount = 60_000

    /// One good sample of every kind, and what reads it.
    private struct Target {
        var name: String
        var samples: [Bytes]
        var caseCount = NetworkFuzzTests.caseCount
        /// A sentence when something came out that must not.
        var read: (Bytes) -> String?
    }

    @Test func dhcpMessages() throws {
        let server = DHCPServerMessage.self
        let long = server.ack(7).with {
            $0.options += [
                (12, "host".bytes), (15, "example.net".bytes), (26, [5, 120]), (52, [1]),
                (121, [24, 192, 0, 2, 10, 0, 2, 9, 0, 10, 0, 2, 2]),
            ]
            $0.fileOptions = [58, 4, 0, 0, 0, 50, 255]
        }
        try fuzz(
            Target(
                name: "DHCP messages",
                samples: [server.offer(7).bytes, server.ack(7).bytes, server.nak(7).bytes, long]
            ) { bytes in
                guard let reply = DHCPReply(parsing: bytes) else { return nil }
                let names = [reply.hostname, reply.domain].compactMap { $0 }
                guard names.allSatisfy(isDomainName) else { return "a name that is none" }
                guard reply.mtu.map({ $0 >= 68 }) ?? true else { return "an MTU below 68" }
                return nil
            })
    }

    /// A client that waits for an answer, at every turn of its life.
    @Test func dhcpConversations() throws {
        let server = DHCPServerMessage.self
        try fuzz(
            Target(
                name: "DHCP conversations",
                samples: [server.offer(0).bytes, server.ack(0).bytes, server.nak(0).bytes],
                caseCount: Self.caseCount / 6  // six messages each
            ) { bytes in
                var client = DHCPClient(
                    hardwareAddress: server.client, hostname: nil, seed: UInt32(bytes.count))
                var now: Milliseconds = 0
                for message in [server.offer(0), server.ack(0), nil] {
                    now = max(now + 1, client.deadline ?? now)
                    let identifier = client.wake(at: now).last?.transaction ?? [0, 0, 0, 0]
                    for answer in [bytes, message?.bytes ?? []] {
                        var answer = answer
                        if answer.count >= 8 { answer.replaceSubrange(4..<8, with: identifier) }
                        _ = client.receive(answer, at: now)
                    }
                    if let lease = client.lease, !lease.addressing.address.isUnicast {
                        return "a lease of \(lease.addressing.address.description)"
                    }
                }
                return nil
            })
    }

    @Test func packetsBelowIP() throws {
        let packet = broadcastPacket(carrying: DHCPServerMessage.offer(7).bytes)
        var toClient = packet
        toClient.replaceSubrange(20..<24, with: [0, 67, 0, 68])
        try fuzz(
            Target(name: "packets", samples: [packet, toClient]) { bytes in
                let read = payload(ofPacket: bytes, checksumIsFilled: false)
                return read.map { $0.count > bytes.count } ?? false ? "bytes of nowhere" : nil
            })
        let hardware: Bytes = [2, 0, 0, 0, 0, 1]
        let probe = ARPMessage.probe(for: IPv4Address(bits: 0x0a00_0001), from: hardware)
        try fuzz(
            Target(name: "ARP messages", samples: [probe]) { bytes in
                ARPMessage(parsing: bytes).map { $0.senderHardware.count != 6 } ?? false
                    ? "a hardware address of another length" : nil
            })
    }

    @Test func routerOptions() throws {
        let servers: Bytes =
            [25, 5, 0, 0, 0, 0, 2, 88] + IPv6Address(high: 0x2001_0db8 << 32, low: 1).bytes
            + IPv6Address(high: 0xfe80 << 48, low: 1).bytes
        let domains: Bytes =
            [31, 4, 0, 0, 0, 0, 2, 88] + [7] + "example".bytes + [3] + "net".bytes
            + [0, 1] + "a".bytes + Bytes(repeating: 0, count: 9)
        #expect(
            RouterOption(servers)
                == .nameServers(
                    [
                        IPv6Address(high: 0x2001_0db8 << 32, low: 1),
                        IPv6Address(high: 0xfe80 << 48, low: 1),
                    ], 600))
        #expect(
            RouterOption(domains) == .searchDomains(["example.net".bytes, "a".bytes], 600))
        let header: Bytes =
            [10, 0, UInt8(servers.count), 0, 3, 0, 0, 0, 134] + [0, 0, 0, 0, 0, 0, 0]
        let message = NetlinkMessage(type: 68, payload: header + servers)
        #expect(RouterOption(message, on: 3) == RouterOption(servers))
        #expect(RouterOption(message, on: 4) == nil, "another interface")
        try fuzz(
            Target(name: "options of advertisements", samples: [servers, domains]) { bytes in
                switch RouterOption(bytes) {
                case .nameServers(let servers, _):
                    servers.allSatisfy { $0.isHost || $0.isLinkLocal } ? nil : "a useless server"
                case .searchDomains(let domains, _):
                    domains.allSatisfy(isDomainName) ? nil : "a domain that is none"
                case nil: nil
                }
            })
    }

    /// What this machine's kernel says of its own links, addresses and routes.
    @Test func routeMessages() throws {
        let socket = try RouteSocket()
        let links = try socket.list(Link.list())
        #expect(links.contains { Link($0)?.name == "lo".bytes })
        let all =
            try links + socket.list(LinkAddress.list()) + socket.list(LinkRoute.list())
        let datagram = Bytes(all.flatMap { $0.encoded() + padding(of: $0) })
        #expect(NetlinkMessage.parse(datagram).count == all.count)
        try fuzz(
            Target(name: "netlink messages", samples: all.prefix(12).map { $0.encoded() }) {
                bytes in
                for message in NetlinkMessage.parse(bytes) {
                    if let link = Link(message), link.name.isEmpty {
                        return "a link without a name"
                    }
                    if let address = LinkAddress(message), address.isUsable, address.isTentative {
                        return "an address that is usable and tentative"
                    }
                    _ = LinkRoute.isVersion6Default(message, on: 1)
                    _ = RouterOption(message, on: 1)
                }
                return nil
            })
    }

    private func padding(of message: NetlinkMessage) -> Bytes {
        let count = NetlinkMessage.headerByteCount + message.payload.count
        return Bytes(repeating: 0, count: NetlinkMessage.aligned(count) - count)
    }

    private func fuzz(_ target: Target) throws {
        var damage = Damage(seed: 1)
        for round in 0..<target.caseCount {
            let sample = damage.damaged(target.samples[round % target.samples.count])
            if let flaw = target.read(sample) {
                Issue.record("\(target.name), case \(round): \(flaw): \(sample)")
                return
            }
        }
    }
}

extension DHCPAction {
    fileprivate var transaction: Bytes? {
        switch self {
        case .broadcast(let bytes), .send(let bytes, _): Bytes(bytes[4..<8])
        case .apply, .withdraw: nil
        }
    }
}

/// Changes bytes, always the same ones for one seed (xorshift64, Marsaglia 2003).
private struct Damage {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 | 1 }

    private mutating func below(_ limit: Int) -> Int {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return limit <= 1 ? 0 : Int(state >> 33) % limit
    }

    /// One to four of: another byte, an edge of the numbers, bytes cut out, doubled, or the end.
    mutating func damaged(_ sample: Bytes) -> Bytes {
        var bytes = sample
        for _ in 0...below(4) where !bytes.isEmpty {
            let start = below(bytes.count)
            let end = min(bytes.count, start + 1 + below(8))
            switch below(5) {
            case 0: bytes[start] = UInt8(below(256))
            case 1: bytes[start] = [0, 1, 0x7f, 0x80, 0xff][below(5)]
            case 2: bytes.removeSubrange(start..<end)
            case 3: bytes.insert(contentsOf: bytes[start..<end], at: below(bytes.count))
            default: bytes.removeSubrange(start...)
            }
        }
        return bytes
    }
}
