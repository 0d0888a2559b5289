// The DHCP client as a value: packets and the clock go in, actions come out (RFC 2131 section
// 4.4). It touches nothing, so that every turn of it can be tested as a table.

import BakeContract

/// Milliseconds on a clock that goes on while the machine is suspended (CLOCK_BOOTTIME).
typealias Milliseconds = UInt64

enum DHCPAction: Equatable, Sendable {
    /// Send to every server from 0.0.0.0, without needing an address.
    case broadcast(Bytes)
    /// Send from the leased address; `to` may be 255.255.255.255.
    case send(Bytes, to: IPv4Address)
    /// A lease is there, or was prolonged. The addressing may be what it was before.
    case apply(InterfaceAddressing)
    /// The lease is over; its address must not be used any more.
    case withdraw
}

struct DHCPLease: Equatable, Sendable {
    var addressing: InterfaceAddressing
    var server: IPv4Address
    /// When to ask the server for more, when to ask anybody, when it is over (RFC 2131 section
    /// 4.4.5); nil for a lease without an end.
    var renewAt: Milliseconds?
    var rebindAt: Milliseconds?
    var expiresAt: Milliseconds?
}

struct DHCPClient: Sendable {
    private enum Phase: Equatable {
        /// Discovering, or waiting to discover again after a refusal.
        case selecting
        case requesting(offered: IPv4Address, server: IPv4Address)
        case bound(DHCPLease)
        case renewing(DHCPLease)
        case rebinding(DHCPLease)
    }

    private var phase = Phase.selecting
    private let hardwareAddress: Bytes
    private let hostname: Bytes?
    private var random: UInt32
    private var transactionID: UInt32 = 0
    private var exchangeStartedAt: Milliseconds = 0
    private var lastSentAt: Milliseconds = 0
    private var sentCount = 0

    /// When `wake` wants to be called, at once to begin with; nil when only a packet can change
    /// anything.
    private(set) var deadline: Milliseconds? = 0
    /// The server that refused last or went silent after its offer, for the message.
    private(set) var refusingServer: IPv4Address?
    private(set) var sawOffer = false

    /// `seed` must differ between machines that start at once: it makes the transaction number
    /// and the jitter.
    init(hardwareAddress: Bytes, hostname: Bytes?, seed: UInt32) {
        self.hardwareAddress = hardwareAddress
        self.hostname = hostname
        random = seed == 0 ? 1 : seed
    }

    var lease: DHCPLease? {
        switch phase {
        case .selecting, .requesting: nil
        case .bound(let lease), .renewing(let lease), .rebinding(let lease): lease
        }
    }

    /// The deadline has passed. Called earlier, it does nothing.
    mutating func wake(at now: Milliseconds) -> [DHCPAction] {
        guard let deadline, now >= deadline else { return [] }
        switch phase {
        case .selecting:
            return [sentCount == 0 ? discover(at: now) : transmit(at: now)]
        case .requesting(_, let server):
            if sentCount < 3 { return [transmit(at: now)] }
            refusingServer = server
            return [discover(at: now)]
        case .bound(let lease):
            phase = .renewing(lease)
            beginExchange(at: now)
            return continueLease(lease, at: now)
        case .renewing(let lease), .rebinding(let lease):
            return continueLease(lease, at: now)
        }
    }

    /// A UDP payload that came to the client's port. Whatever is not an answer to what was asked
    /// last, for this interface, from the server that was asked, is ignored.
    mutating func receive(_ payload: Bytes, at now: Milliseconds) -> [DHCPAction] {
        guard let reply = DHCPReply(parsing: payload), reply.transactionID == transactionID,
            reply.hardwareAddress == hardwareAddress, sentCount > 0
        else { return [] }
        switch phase {
        case .selecting:
            guard reply.kind == .offer, let server = reply.server, server.isUnicast,
                reply.yourAddress.isUnicast
            else { return [] }
            sawOffer = true
            phase = .requesting(offered: reply.yourAddress, server: server)
            sentCount = 0
            return [transmit(at: now)]
        case .requesting(_, let server):
            guard reply.server == server else { return [] }
            return settle(reply, held: nil, at: now)
        case .bound:
            return []
        case .renewing(let lease):
            guard reply.server == lease.server else { return [] }
            return settle(reply, held: lease, at: now)
        case .rebinding(let lease):
            guard let server = reply.server, server.isUnicast else { return [] }
            return settle(reply, held: lease, at: now)
        }
    }
}

extension DHCPClient {
    /// The server's last word: an address, or none.
    private mutating func settle(
        _ reply: DHCPReply, held: DHCPLease?, at now: Milliseconds
    ) -> [DHCPAction] {
        if reply.kind == .nak {
            refusingServer = reply.server
            phase = .selecting
            sentCount = 0
            deadline = now + 1000  // RFC 2131 section 3.1: no storm of refusals
            return held == nil ? [] : [.withdraw]
        }
        guard reply.kind == .ack, reply.yourAddress.isUnicast,
            let lease = DHCPLease(reply, requestedAt: lastSentAt)
        else { return [] }
        phase = .bound(lease)
        sentCount = 0
        deadline = lease.renewAt
        return [.apply(lease.addressing)]
    }

    /// Renewing until `rebindAt`, rebinding until `expiresAt`, then from the beginning.
    private mutating func continueLease(
        _ lease: DHCPLease, at now: Milliseconds
    ) -> [DHCPAction] {
        if let expiresAt = lease.expiresAt, now >= expiresAt {
            return [.withdraw, discover(at: now)]
        }
        if let rebindAt = lease.rebindAt, now >= rebindAt { phase = .rebinding(lease) }
        return [transmit(at: now)]
    }

    private mutating func discover(at now: Milliseconds) -> DHCPAction {
        phase = .selecting
        beginExchange(at: now)
        return transmit(at: now)
    }

    private mutating func beginExchange(at now: Milliseconds) {
        transactionID = nextRandom()
        exchangeStartedAt = now
        sentCount = 0
    }

    /// Makes the message of the phase and sets when to send it again.
    private mutating func transmit(at now: Milliseconds) -> DHCPAction {
        var request = DHCPRequest(
            kind: .request, transactionID: transactionID, hardwareAddress: hardwareAddress,
            secondsElapsed: UInt16(clamping: (now &- exchangeStartedAt) / 1000),
            hostname: hostname)
        sentCount += 1
        lastSentAt = now
        switch phase {
        case .selecting:
            request.kind = .discover
            deadline = now + backOff()
            return .broadcast(request.encoded())
        case .requesting(let offered, let server):
            request.requestedAddress = offered
            request.server = server
            deadline = now + backOff()
            return .broadcast(request.encoded())
        case .bound(let lease), .renewing(let lease):
            request.clientAddress = lease.addressing.address
            deadline = halfWay(from: now, to: lease.rebindAt)
            return .send(request.encoded(), to: lease.server)
        case .rebinding(let lease):
            request.clientAddress = lease.addressing.address
            deadline = halfWay(from: now, to: lease.expiresAt)
            return .send(request.encoded(), to: .broadcast)
        }
    }

    /// 1, 2, 4 ... 64 seconds, give or take a quarter. RFC 2131 starts at 4, for the networks
    /// of 1997; a machine that waits for its address to serve anything cannot.
    private mutating func backOff() -> Milliseconds {
        let base = Milliseconds(1000) << Milliseconds(min(sentCount - 1, 6))
        return base * 3 / 4 + Milliseconds(nextRandom()) % (base / 2 + 1)
    }

    /// RFC 2131 section 4.4.5: half of what remains, but not more often than once a minute.
    private func halfWay(from now: Milliseconds, to end: Milliseconds?) -> Milliseconds? {
        guard let end else { return nil }
        let remaining = end > now ? end - now : 0
        return remaining <= 60_000 ? end : now + max(remaining / 2, 60_000)
    }

    /// xorshift32 (Marsaglia, 2003): enough for jitter and for transaction numbers, which are no
    /// secret on a network where every station sees them.
    private mutating func nextRandom() -> UInt32 {
        random ^= random << 13
        random ^= random >> 17
        random ^= random << 5
        return random
    }
}

extension DHCPLease {
    /// nil when the answer names no server. Times count from when the request was sent.
    fileprivate init?(_ reply: DHCPReply, requestedAt: Milliseconds) {
        guard let server = reply.server else { return nil }
        self.server = server
        addressing = InterfaceAddressing(reply)

        let forEver: UInt32 = 0xffff_ffff
        // An hour where the server forgot to say; less than 16 s would be nothing but renewing.
        let lease = max(reply.leaseSeconds ?? 3600, 16)
        guard lease != forEver else { return }
        var rebind = reply.rebindSeconds ?? lease - lease / 8
        if rebind >= lease || rebind == 0 { rebind = lease - lease / 8 }
        var renew = reply.renewSeconds ?? lease / 2
        if renew >= rebind || renew == 0 { renew = min(lease / 2, rebind / 2) }
        renewAt = requestedAt + Milliseconds(renew) * 1000
        rebindAt = requestedAt + Milliseconds(rebind) * 1000
        expiresAt = requestedAt + Milliseconds(lease) * 1000
    }
}

extension InterfaceAddressing {
    fileprivate init(_ reply: DHCPReply) {
        address = reply.yourAddress
        prefix = reply.prefix ?? IPv4PrefixLength(classOf: reply.yourAddress)
        nameServers = reply.nameServers
        domain = reply.domain
        hostname = reply.hostname
        mtu = reply.mtu
        // RFC 3442: where both are there, the routers do not count.
        if let classless = reply.classlessRoutes {
            routes = classless
        } else if let router = reply.routers.first {
            routes = [.defaultRoute(through: router)]
        }
    }
}

extension IPv4Route {
    static func defaultRoute(through gateway: IPv4Address) -> IPv4Route {
        IPv4Route(network: .any, prefix: .everything, gateway: gateway)
    }
}
