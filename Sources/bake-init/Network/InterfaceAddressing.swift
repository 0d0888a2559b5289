// What an interface has of IPv4, however it came by it. Values.

import BakeContract

/// A route beyond the interface's own network. `gateway` 0.0.0.0: the network is on the link.
struct IPv4Route: Equatable, Sendable {
    var network: IPv4Address
    var prefix: IPv4PrefixLength
    var gateway: IPv4Address
}

struct InterfaceAddressing: Equatable, Sendable {
    var address: IPv4Address
    var prefix: IPv4PrefixLength
    var routes: [IPv4Route] = []
    var nameServers: [IPv4Address] = []
    /// Letters, digits, `.`, `-` and `_` only, whoever sent it.
    var domain: Bytes?
    var hostname: Bytes?
    var mtu: Int?

    /// All routes in the order in which the kernel takes them: a gateway outside the interface's
    /// network, as with the /32 that some clouds give out, is first said to be on the link.
    var completeRoutes: [IPv4Route] {
        var complete: [IPv4Route] = []
        for route in routes {
            if route.gateway != .any, !prefix.contains(route.gateway, networkOf: address) {
                let hop = IPv4Route(network: route.gateway, prefix: .oneAddress, gateway: .any)
                if !complete.contains(hop) { complete.append(hop) }
            }
            complete.append(route)
        }
        return complete
    }
}
