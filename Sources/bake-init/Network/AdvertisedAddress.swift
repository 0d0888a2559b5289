// An `auto` entry: the kernel makes addresses and routes of router advertisements (RFC 4862) and
// hands on what they say of name servers (RFC 8106). Stateless and stateful DHCPv6 are not spoken.

import BakeContract
import CGuest

final class AdvertisedAddress {
    let control: LinkControl
    private let listener: RouteListener
    private var directory = AdvertisedNames()
    private var hasAddress = false
    private var hasRoute = false
    private var wasReady = false

    /// The link must be down still: what routers say before anybody listens is lost.
    init(on control: LinkControl) throws(NetworkError) {
        self.control = control
        listener = try control.listener([
            UInt32(RTNLGRP_IPV6_IFADDR.rawValue), UInt32(RTNLGRP_IPV6_ROUTE.rawValue),
            UInt32(RTNLGRP_ND_USEROPT.rawValue),
        ])
    }

    var fileDescriptor: Int32 { listener.fileDescriptor }

    /// When a name server's time is over.
    var deadline: Milliseconds? { directory.deadline }
    var isReady: Bool { hasAddress && hasRoute }
    var nameServers: [IPv6Address] { directory.nameServers }
    var searchDomains: [Bytes] { directory.searchDomains }

    /// Reads what has come.
    ///
    /// - Returns: whether the interface has become reachable, or has ceased to be.
    func serve(at now: Milliseconds) throws(NetworkError) -> Bool {
        let (messages, isComplete) = listener.receive()
        var isChanged = !isComplete
        for message in messages {
            if let option = RouterOption(message, on: control.index) {
                directory.take(option, at: now)
            } else {
                isChanged = true
            }
        }
        directory.forget(at: now)
        if isChanged {
            // What is there is asked for whole: changes alone could have been missed.
            hasAddress = try control.addresses().contains { $0.isUsable && $0.isVersion6 }
            hasRoute = try control.hasVersion6DefaultRoute()
        }
        defer { wasReady = isReady }
        return isReady != wasReady
    }

    /// Why it is not ready yet.
    func failure(waitedSeconds: Int) -> NetworkError {
        if hasAddress {
            return .noRouteFromRouter(interface: control.name, waitedSeconds: waitedSeconds)
        }
        if hasRoute {
            return .noAddressFromRouter(interface: control.name, waitedSeconds: waitedSeconds)
        }
        return .noRouterAnswer(interface: control.name, waitedSeconds: waitedSeconds)
    }
}

/// Name servers and search domains with the time each is good for (RFC 8106 section 5.3). A value.
struct AdvertisedNames: Equatable, Sendable {
    /// More than resolv.conf(5) takes, so that a router cannot fill our memory.
    private static let limit = 8

    private struct Entry<Value: Equatable & Sendable>: Equatable, Sendable {
        var value: Value
        /// nil: for ever.
        var expiresAt: Milliseconds?
    }

    private var servers: [Entry<IPv6Address>] = []
    private var domains: [Entry<Bytes>] = []

    var nameServers: [IPv6Address] { servers.map { $0.value } }
    var searchDomains: [Bytes] { domains.map { $0.value } }

    var deadline: Milliseconds? {
        let ends = servers.map { $0.expiresAt } + domains.map { $0.expiresAt }
        return ends.reduce(nil) { earlier($0, $1) }
    }

    mutating func take(_ option: RouterOption, at now: Milliseconds) {
        switch option {
        case .nameServers(let values, let lifetime):
            Self.take(values, lifetime, into: &servers, at: now)
        case .searchDomains(let values, let lifetime):
            Self.take(values, lifetime, into: &domains, at: now)
        }
    }

    mutating func forget(at now: Milliseconds) {
        servers.removeAll { $0.expiresAt.map { $0 <= now } ?? false }
        domains.removeAll { $0.expiresAt.map { $0 <= now } ?? false }
    }

    /// A lifetime of 0 takes away, the largest is for ever.
    private static func take<Value>(
        _ values: [Value], _ lifetime: RouterOption.Lifetime, into entries: inout [Entry<Value>],
        at now: Milliseconds
    ) {
        let expiresAt = lifetime == .max ? nil : now + Milliseconds(lifetime) * 1000
        for value in values {
            let index = entries.firstIndex { $0.value == value }
            if lifetime == 0 {
                if let index { entries.remove(at: index) }
            } else if let index {
                entries[index].expiresAt = expiresAt
            } else if entries.count < limit {
                entries.append(Entry(value: value, expiresAt: expiresAt))
            }
        }
    }
}

extension LinkAddress {
    fileprivate var isVersion6: Bool {
        if case .v6 = address { true } else { false }
    }
}
