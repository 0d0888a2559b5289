// What the boot plan asks of the network, and what came of it. All values.

import BakeContract

/// One interface to bring up. Without a name it is the first that is not the loopback: of the
/// Ethernet interfaces the one with the lowest index, hardware before software ones. MTU and name
/// servers go before what a DHCP server says.
struct InterfaceRequest: Equatable, Sendable {
    var interface: NetworkInterface
    /// Told to the DHCP server, which may enter it into its DNS.
    var hostname: Bytes?
    /// How long the interface may take to appear, and the DHCP server to answer, together.
    var timeoutSeconds = 10
}

/// A route beyond the interface's own network. `gateway` 0.0.0.0: the network is on the link.
struct IPv4Route: Equatable, Sendable {
    var network: IPv4Address
    var prefix: IPv4PrefixLength
    var gateway: IPv4Address
}

/// What an interface has, however it came by it.
struct InterfaceAddressing: Equatable, Sendable {
    var address: IPv4Address
    var prefix: IPv4PrefixLength
    var routes: [IPv4Route] = []
    var nameServers: [IPv4Address] = []
    /// Letters, digits, `.`, `-` and `_` only, whoever sent it.
    var domain: Bytes?
    var hostname: Bytes?
    var mtu: Int?
}

/// An interface that is up. `keeper` is there when the address is leased: PID 1 must serve it
/// for as long as the program runs.
struct ConfiguredInterface {
    var name: Bytes
    var addressing: InterfaceAddressing
    var keeper: LeaseKeeper?
}
