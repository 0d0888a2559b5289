import Foundation
import TestSupport
import Testing

@testable import BakeContract
@testable import bake_init

/// PID 1's DHCP against a real server, dnsmasq, over pairs of virtual Ethernet interfaces between
/// two network namespaces. Needs root.
@Suite(.serialized) struct NetworkNamespaceTests {
    @Test func aLeaseIsGotAppliedAndRenewed() throws {
        let link = try VirtualLink()
        try link.startServer([
            "--dhcp-range=10.77.0.50,10.77.0.60,255.255.255.0,2m", "--dhcp-option=3,10.77.0.1",
            "--dhcp-option=6,10.77.0.1,10.77.0.2", "--dhcp-option=15,example.net",
            "--dhcp-option=26,1400", "--dhcp-host=web,10.77.0.55",
        ])
        let notes = try link.inClientNamespace {
            let clock = JumpingClock()
            let network = try bringUp(
                NetworkInterface(method: .dhcp), hostname: "web", clock: clock)
            let lease = try #require(network.leases.first)
            #expect(lease.interface == "bake0".bytes)
            #expect(lease.addressing.address.description == "10.77.0.55")
            #expect(lease.addressing.prefix.count == 24)
            #expect(lease.addressing.mtu == 1400)
            #expect(network.resolver.nameServers == ["10.77.0.1".bytes, "10.77.0.2".bytes])
            #expect(network.resolver.searchDomains == ["example.net".bytes])
            #expect(network.hostname == "web".bytes)
            clock.jump(to: try #require(network.deadline))
            return try network.serve(clock, until: { $0 == .renewed })
        }
        #expect(notes == [.renewed])
        let addresses = try link.client(["ip", "-4", "addr", "show", "bake0"]).stdoutText
        #expect(addresses.contains("inet 10.77.0.55/24 metric 100 brd 10.77.0.255"), "\(addresses)")
        #expect(addresses.contains("mtu 1400"))
        let routes = try link.client(["ip", "route"]).stdoutText
        #expect(routes.contains("default via 10.77.0.1 dev bake0"), "\(routes)")
    }

    /// The server is away when half of the time has gone, and back before the end: the address
    /// never goes.
    @Test func aLeaseSurvivesARestartOfItsServer() throws {
        let link = try VirtualLink()
        let options = ["--dhcp-range=10.77.0.50,10.77.0.60,255.255.255.0,2m"]
        try link.startServer(options)
        let notes = try link.inClientNamespace {
            let clock = JumpingClock()
            let network = try bringUp(.named("bake0", .dhcp), clock: clock)
            let address = network.leases.first?.addressing.address
            link.stopServer(forgetting: false)
            clock.jump(to: try #require(network.deadline))
            var notes = network.serve().map(\.note)
            try link.startServer(options)
            clock.jump(to: try #require(network.deadline))
            notes += try network.serve(clock, until: { $0 == .renewed })
            #expect(network.leases.first?.addressing.address == address)
            return notes
        }
        #expect(notes == [.renewed])
    }

    @Test func aServerThatForgotTheLeaseTakesTheAddressAway() throws {
        let link = try VirtualLink()
        try link.startServer(["--dhcp-range=10.77.0.50,10.77.0.60,255.255.255.0,2m"])
        let notes = try link.inClientNamespace {
            let clock = JumpingClock()
            let network = try bringUp(.named("bake0", .dhcp), clock: clock)
            link.stopServer()
            try link.startServer([
                "--dhcp-range=10.77.0.70,10.77.0.80,255.255.255.0,2m"
            ])
            clock.jump(to: try #require(network.deadline))
            return try network.serve(clock) {
                if case .changed = $0 { return true }
                return false
            }
        }
        #expect(notes.first == .lost)
        guard case .changed(let addressing) = notes.last else {
            Issue.record("\(notes)")
            return
        }
        #expect((70...80).contains(addressing.address.bits & 255))
        let addresses = try link.client(["ip", "-4", "addr", "show", "bake0"]).stdoutText
        #expect(addresses.components(separatedBy: "inet ").count == 2, "\(addresses)")
        let routes = try link.client(["ip", "route"]).stdoutText
        #expect(routes.components(separatedBy: "default").count == 2, "\(routes)")
    }

    /// Two interfaces, both leased at the same time; the first entry's router is the way out.
    @Test func twoInterfacesWithOneWayOut() throws {
        let link = try VirtualLink()
        try link.addCable()
        try link.startServer([
            "--interface=server1", "--dhcp-range=10.77.0.50,10.77.0.60,255.255.255.0,2m",
            "--dhcp-range=10.78.0.50,10.78.0.60,255.255.255.0,2m", "--dhcp-option=6,10.77.0.1",
            // RFC 3442: then the router of option 3 does not count.
            "--dhcp-option=121,192.0.2.0/24,10.78.0.9,0.0.0.0/0,10.78.0.1",
        ])
        try link.inClientNamespace {
            let network = try bringUp(
                .named("bake1", .dhcp), NetworkInterface(method: .dhcp))
            #expect(network.leases.map(\.interface) == ["bake1".bytes, "bake0".bytes])
            #expect(network.resolver.nameServers == ["10.77.0.1".bytes])
        }
        let route = try link.client(["ip", "route", "get", "198.51.100.1"]).stdoutText
        #expect(route.contains("via 10.78.0.1 dev bake1"), "\(route)")
        let routes = try link.client(["ip", "route"]).stdoutText
        #expect(routes.contains("192.0.2.0/24 via 10.78.0.9 dev bake1"), "\(routes)")
        #expect(routes.contains("10.77.0.0/24 dev bake0"), "\(routes)")
    }

    @Test func noServerIsNamed() throws {
        let link = try VirtualLink()
        let message = try link.inClientNamespace {
            failure { () throws(NetworkError) in
                try bringUp(.named("bake0", .dhcp), timeoutSeconds: 2)
            }
        }
        #expect(message == "no DHCP server answered on bake0 within 2 s")
    }

    /// What is optional is neither waited for nor a reason to stop, and is at work all the same.
    @Test func anOptionalInterfaceMayComeLate() throws {
        let link = try VirtualLink()
        try link.addCable()
        try link.inClientNamespace {
            let clock = JumpingClock()
            let network = try bringUp(
                .named("bake0", .dhcp, isOptional: true), .named("absent", .dhcp, isOptional: true),
                .named("bake1", .fixed("10.78.0.2/24")), timeoutSeconds: 5, clock: clock)
            #expect(network.leases.isEmpty)
            #expect(
                network.warnings.first?.description.hasPrefix(
                    "there is no network interface 'absent' (waited 1 s), there are bake0 (")
                    == true,
                "\(network.warnings)")
            try link.startServer(["--dhcp-range=10.77.0.50,10.77.0.60,255.255.255.0,2m"])
            _ = try network.serve(clock) {
                if case .changed = $0 { return true }
                return false
            }
            #expect(network.leases.map(\.interface) == ["bake0".bytes])
        }
    }

    @Test func noInterfaceIsNamedWithThoseThereAre() throws {
        let link = try VirtualLink()
        let message = try link.inClientNamespace {
            failure { () throws(NetworkError) in
                try bringUp(.named("eth7", .dhcp), timeoutSeconds: 0)
            }
        }
        #expect(
            message?.hasPrefix(
                "there is no network interface 'eth7' (waited 0 s), there is bake0 (") == true,
            "\(message ?? "it worked")")
    }
}
