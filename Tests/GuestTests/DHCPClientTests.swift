import BakeContract
import Testing

@testable import bake_init

@Suite struct DHCPClientTests {
    private func client(seed: UInt32 = 7) -> DHCPClient {
        DHCPClient(
            hardwareAddress: DHCPServerMessage.client, hostname: "web".bytes, seed: seed)
    }

    private func broadcast(_ actions: [DHCPAction]) throws -> DHCPClientMessage {
        guard case .broadcast(let bytes) = actions.last else {
            throw Unexpected(actions: actions)
        }
        return try #require(DHCPClientMessage(bytes))
    }

    private func unicast(_ actions: [DHCPAction]) throws -> (DHCPClientMessage, IPv4Address) {
        guard case .send(let bytes, let server) = actions.last else {
            throw Unexpected(actions: actions)
        }
        return (try #require(DHCPClientMessage(bytes)), server)
    }

    private struct Unexpected: Error { let actions: [DHCPAction] }

    /// A client with a lease of 100 s, got at 1 s.
    private func bound() throws -> DHCPClient {
        var client = client()
        let discover = try broadcast(client.wake(at: 0))
        let id = discover.transactionID
        _ = client.receive(DHCPServerMessage.offer(id).bytes, at: 1000)
        _ = client.receive(DHCPServerMessage.ack(id).bytes, at: 1500)
        try #require(client.lease != nil)
        return client
    }

    private let server = IPv4Address(bits: 0x0a00_0202)

    @Test func discoverOfferRequestAck() throws {
        var client = client()
        #expect(client.deadline == 0)
        let discover = try broadcast(client.wake(at: 0))
        #expect(discover.kind == 1)
        #expect(discover.hostname == "web".bytes)
        #expect(discover.clientAddress == [0, 0, 0, 0])
        let request = try broadcast(
            client.receive(DHCPServerMessage.offer(discover.transactionID).bytes, at: 10))
        #expect(request.kind == 3)
        #expect(request.transactionID == discover.transactionID)
        #expect(request.requestedAddress == [10, 0, 2, 15])
        #expect(request.server == [10, 0, 2, 2])
        let actions = client.receive(
            DHCPServerMessage.ack(discover.transactionID).bytes, at: 20)
        #expect(
            actions == [
                .apply(
                    InterfaceAddressing(
                        address: IPv4Address(bits: 0x0a00_020f),
                        prefix: IPv4PrefixLength(count: 24)!,
                        routes: [.defaultRoute(through: server)],
                        nameServers: [IPv4Address(bits: 0x0a00_0203)]))
            ])
        #expect(client.lease?.renewAt == 50_010)
        #expect(client.lease?.rebindAt == 88_010)
        #expect(client.lease?.expiresAt == 100_010)
    }

    @Test func answersThatAreNotForUs() throws {
        let strangers: [(String, (inout DHCPServerMessage) -> Void)] = [
            ("another transaction", { $0.transactionID ^= 1 }),
            ("another machine", { $0.hardwareAddress[5] ^= 1 }),
            ("a request", { $0.operation = 1 }),
            ("no kind", { $0.options.removeFirst() }),
            ("no server", { $0.options.remove(at: 1) }),
            ("another server", { $0.options[1] = (54, [10, 0, 2, 9]) }),
            ("no address", { $0.yourAddress = [0, 0, 0, 0] }),
            ("multicast", { $0.yourAddress = [224, 0, 0, 1] }),
            ("an offer again", { $0.options[0] = (53, [2]) }),
        ]
        for (name, change) in strangers {
            var client = client()
            let id = try broadcast(client.wake(at: 0)).transactionID
            _ = client.receive(DHCPServerMessage.offer(id).bytes, at: 1)
            #expect(
                client.receive(DHCPServerMessage.ack(id).with(change), at: 2).isEmpty, "\(name)")
            #expect(client.lease == nil, "\(name)")
        }
    }

    @Test func messagesAreRepeatedWithBackOff() throws {
        var client = client()
        var now: Milliseconds = 0
        for base in [1000, 2000, 4000, 8000, 16_000, 32_000, 64_000, 64_000] as [Milliseconds] {
            #expect(try broadcast(client.wake(at: now)).kind == 1)
            let deadline = try #require(client.deadline)
            let delay = deadline - now
            #expect((base * 3 / 4...base * 5 / 4).contains(delay))
            #expect(client.wake(at: deadline - 1).isEmpty)
            now = deadline
        }
    }

    @Test func aSilentServerIsLeftAfterThreeRequests() throws {
        var client = client()
        let id = try broadcast(client.wake(at: 0)).transactionID
        _ = client.receive(DHCPServerMessage.offer(id).bytes, at: 1)
        for _ in 0..<2 { #expect(try broadcast(client.wake(at: client.deadline!)).kind == 3) }
        let again = try broadcast(client.wake(at: client.deadline!))
        #expect(again.kind == 1)
        #expect(again.transactionID != id)
        #expect(client.refusingServer == server)
    }

    @Test func aRefusalStartsOverAfterASecond() throws {
        var client = client()
        let id = try broadcast(client.wake(at: 0)).transactionID
        _ = client.receive(DHCPServerMessage.offer(id).bytes, at: 1)
        #expect(client.receive(DHCPServerMessage.nak(id).bytes, at: 500).isEmpty)
        #expect(client.deadline == 1500)
        #expect(client.receive(DHCPServerMessage.offer(id).bytes, at: 600).isEmpty)
        #expect(try broadcast(client.wake(at: 1500)).transactionID != id)
    }

    @Test func renewalThenRebindingThenExpiry() throws {
        var client = try bound()
        #expect(client.deadline == 51_000)
        let (renewal, renewedAt) = try unicast(client.wake(at: 51_000))
        #expect(renewal.kind == 3)
        #expect(renewal.clientAddress == [10, 0, 2, 15])
        #expect(renewal.requestedAddress == nil)
        #expect(renewal.server == nil)
        #expect(renewedAt == server)
        #expect(client.deadline == 89_000)
        let (_, rebindingAt) = try unicast(client.wake(at: 89_000))
        #expect(rebindingAt == .broadcast)
        #expect(client.deadline == 101_000)
        let actions = client.wake(at: 101_000)
        #expect(actions.first == .withdraw)
        #expect(try broadcast(actions).kind == 1)
        #expect(client.lease == nil)
    }

    @Test func aRenewedLeaseCountsFromItsRequest() throws {
        var client = try bound()
        let (renewal, _) = try unicast(client.wake(at: 51_000))
        let other = DHCPServerMessage.ack(renewal.transactionID).with {
            $0.options[1] = (54, [10, 0, 2, 9])
        }
        #expect(client.receive(other, at: 51_200).isEmpty)
        let actions = client.receive(
            DHCPServerMessage.ack(renewal.transactionID).bytes, at: 51_500)
        guard case .apply = actions.first else {
            Issue.record("\(actions)")
            return
        }
        #expect(client.lease?.expiresAt == 151_000)
        #expect(client.deadline == 101_000)
    }

    @Test func anyServerMayRebind() throws {
        var client = try bound()
        _ = client.wake(at: 51_000)
        let (message, _) = try unicast(client.wake(at: 89_000))
        let other = DHCPServerMessage.ack(message.transactionID).with {
            $0.options[1] = (54, [10, 0, 2, 9])
        }
        #expect(!client.receive(other, at: 90_000).isEmpty)
        #expect(client.lease?.server == IPv4Address(bits: 0x0a00_0209))
    }

    @Test func aRefusedRenewalTakesTheAddressAway() throws {
        var client = try bound()
        let (renewal, _) = try unicast(client.wake(at: 51_000))
        #expect(
            client.receive(DHCPServerMessage.nak(renewal.transactionID).bytes, at: 52_000)
                == [.withdraw])
        #expect(client.deadline == 53_000)
    }

    @Test func leaseTimes() throws {
        func times(_ options: [(UInt8, Bytes)]) throws -> [Milliseconds?] {
            var client = client()
            let id = try broadcast(client.wake(at: 0)).transactionID
            _ = client.receive(DHCPServerMessage.offer(id).bytes, at: 0)
            _ = client.receive(
                DHCPServerMessage.ack(id).with {
                    $0.options.removeLast()
                    $0.options += options
                }, at: 0)
            let lease = try #require(client.lease)
            return [lease.renewAt, lease.rebindAt, lease.expiresAt]
        }
        #expect(try times([(51, [0, 0, 0, 100])]) == [50_000, 88_000, 100_000])
        #expect(try times([(51, [255, 255, 255, 255])]) == [nil, nil, nil])
        #expect(try times([]) == [1_800_000, 3_150_000, 3_600_000])
        #expect(try times([(51, [0, 0, 0, 0])]) == [8000, 14_000, 16_000])
        #expect(
            try times([(51, [0, 0, 0, 100]), (58, [0, 0, 0, 10]), (59, [0, 0, 0, 20])])
                == [10_000, 20_000, 100_000])
        #expect(
            try times([(51, [0, 0, 0, 100]), (58, [0, 0, 0, 99]), (59, [0, 0, 0, 200])])
                == [44_000, 88_000, 100_000])
        #expect(
            try times([(51, [255, 255, 255, 254])])[2] == 4_294_967_294_000)
    }

    /// Valid answers with random damage, at every turn: no trap, and no address that is none.
    @Test func randomAnswersNeverTrap() throws {
        for seed in 1...3000 as ClosedRange<UInt32> {
            var client = client(seed: seed)
            var now: Milliseconds = 0
            for _ in 0..<6 {
                now = max(now + 1, client.deadline ?? now)
                var id: UInt32 = 0
                switch client.wake(at: now).last {
                case .broadcast(let bytes), .send(let bytes, _):
                    id = DHCPClientMessage(bytes)?.transactionID ?? 0
                default: break
                }
                for message in [DHCPServerMessage.offer(id), .ack(id), .nak(id)] {
                    var bytes = message.bytes
                    for _ in 0..<Int.random(in: 0...3) {
                        bytes[Int.random(in: 236..<bytes.count)] = .random(in: .min ... .max)
                    }
                    _ = client.receive(bytes, at: now)
                    if let lease = client.lease { #expect(lease.addressing.address.isUnicast) }
                }
            }
        }
    }
}
