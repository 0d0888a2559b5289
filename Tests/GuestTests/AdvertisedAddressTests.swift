import Foundation
import TestSupport
import Testing

@testable import BakeContract
@testable import bake_init

/// `auto` entries against a real router, dnsmasq, in network namespaces. Needs root.
@Suite(.serialized) struct AdvertisedAddressTests {
    private static let dhcp = "--dhcp-range=10.77.0.50,10.77.0.60,255.255.255.0,2m"

    private func routedLink(_ options: [String]) throws -> VirtualLink {
        let link = try VirtualLink()
        try link.server(["ip", "addr", "add", "fd77::1/64", "dev", "server0", "nodad"])
        try link.startServer(["--enable-ra", Self.dhcp] + options)
        return link
    }

    /// Both families without a name mean the same interface; what routers say of name servers
    /// comes after what the entry before has.
    @Test func addressRouteAndNameServers() throws {
        let link = try routedLink([
            "--dhcp-range=fd77::,ra-only,64,10m", "--dhcp-option=option6:dns-server,[fd77::53]",
            "--dhcp-option=option6:domain-search,example.org,example.net",
            "--dhcp-option=6,10.77.0.1",
        ])
        try link.inClientNamespace {
            let network = try bringUp(
                NetworkInterface(method: .dhcp), NetworkInterface(method: .automaticVersion6))
            #expect(network.resolver.nameServers == ["10.77.0.1".bytes, "fd77::53".bytes])
            #expect(
                network.resolver.searchDomains == ["example.org".bytes, "example.net".bytes])
            #expect(network.warnings.isEmpty)
        }
        let addresses = try link.client(["ip", "-6", "addr", "show", "bake0"]).stdoutText
        #expect(addresses.contains("inet6 fd77::"), "\(addresses)")
        let own = addresses.split(separator: "\n").first { $0.contains("inet6 fd77::") }
        #expect(own?.contains("tentative") == false, "\(addresses)")
        let route = try link.client(["ip", "-6", "route", "show", "default"]).stdoutText
        #expect(route.contains("dev bake0 proto ra metric 101"), "\(route)")
    }

    @Test func noRouterIsNamed() throws {
        let link = try VirtualLink()
        let message = try link.inClientNamespace {
            failure { () throws(NetworkError) in
                try bringUp(NetworkInterface(method: .automaticVersion6), timeoutSeconds: 2)
            }
        }
        #expect(message == "no router advertised itself on bake0 within 2 s")
    }

    /// A router that wants to be asked by DHCPv6. On a busy machine its first word may take longer
    /// than anybody waits: then it is waited for again.
    @Test func noPrefixIsNamed() throws {
        let link = try routedLink(["--dhcp-range=fd77::10,fd77::20,64,10m"])
        var message: String?
        for _ in 0..<4 {
            message = try link.inClientNamespace {
                failure { () throws(NetworkError) in
                    try bringUp(NetworkInterface(method: .automaticVersion6), timeoutSeconds: 5)
                }
            }
            if message?.contains("no router advertised itself") != true { break }
        }
        #expect(
            message == "no router gave bake0 a prefix for an address within 5 s"
                + " (DHCPv6 is not asked)")
    }
}
