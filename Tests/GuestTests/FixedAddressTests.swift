import Foundation
import TestSupport
import Testing

@testable import BakeContract
@testable import bake_init

/// `static` entries on a real kernel, in network namespaces. Needs root.
@Suite(.serialized) struct FixedAddressTests {
    /// A gateway beside the interface's own network, as clouds with /32 addresses have it.
    @Test func aGatewayOnTheLinkAndALoopback() throws {
        let link = try VirtualLink()
        try link.inClientNamespace {
            try bringUpLoopback()
            _ = try bringUp(
                .named("bake0", .fixed("10.77.0.9/32", gateway: "10.77.0.1"), mtu: 1300))
        }
        let addresses = try link.client(["ip", "-4", "addr"]).stdoutText
        #expect(addresses.contains("inet 127.0.0.1/8"))
        #expect(addresses.contains("inet 10.77.0.9/32"))
        #expect(addresses.contains("mtu 1300"))
        let far = try link.client(["ip", "route", "get", "192.0.2.1"]).stdoutText
        #expect(far.contains("via 10.77.0.1 dev bake0 src 10.77.0.9"), "\(far)")
    }

    /// Both families on one interface, by name and by MAC address, and a second address.
    @Test func bothFamiliesOnOneInterface() throws {
        let link = try VirtualLink()
        try link.addCable()
        let hardwareAddress: Bytes = [2, 0, 0, 0, 0, 0x2a]
        #expect(
            try link.client(["ip", "link", "set", "bake1", "address", "02:00:00:00:00:2a"]).status
                == 0)
        try link.inClientNamespace {
            let network = try bringUp(
                NetworkInterface(
                    .hardwareAddress(hardwareAddress),
                    method: .fixed("10.78.0.9/24", gateway: "10.78.0.1"),
                    nameServers: [.v6(IPv6Address(parsing: "fe80::53".bytes)!)],
                    searchDomains: ["example.org".bytes]),
                .named("bake1", .fixed("10.79.0.9/24")),
                .named("bake1", .fixed("fd78::9/64", gateway: "fe80::1")))
            #expect(network.resolver.nameServers == ["fe80::53%bake1".bytes])
            #expect(network.resolver.searchDomains == ["example.org".bytes])
        }
        let addresses = try link.client(["ip", "addr", "show", "bake1"]).stdoutText
        for address in ["inet 10.78.0.9/24", "inet 10.79.0.9/24", "inet6 fd78::9/64"] {
            #expect(addresses.contains(address), "\(addresses)")
        }
        let fixed = addresses.split(separator: "\n").first { $0.contains("fd78::9") }
        #expect(fixed?.contains("tentative") == false, "duplicate address detection is over")
        let far = try link.client(["ip", "-6", "route", "get", "2001:db8::1"]).stdoutText
        #expect(far.contains("via fe80::1 dev bake1"), "\(far)")
        let near = try link.client(["ip", "link", "show", "bake0"]).stdoutText
        #expect(near.contains("state DOWN"), "nobody asked for bake0: \(near)")
    }

    @Test func anAddressInUseIsNamed() throws {
        let link = try VirtualLink()
        try link.server([
            "ip", "addr", "add", "fd77::9/64", "dev", "server0", "nodad",
        ])
        let messages = try link.inClientNamespace {
            [
                failure { () throws(NetworkError) in
                    try bringUp(.named("bake0", .fixed("10.77.0.1/24")))
                },
                failure { () throws(NetworkError) in
                    try bringUp(.named("bake0", .fixed("fd77::9/64")))
                },
            ]
        }
        #expect(
            messages[0]?.hasPrefix("the address 10.77.0.1 of bake0 is in use by ") == true,
            "\(messages)")
        #expect(messages[1] == "the address fd77::9 of bake0 is in use by another machine")
    }

    @Test func whatTheKernelRefusesIsNamed() throws {
        let link = try VirtualLink()
        let messages = try link.inClientNamespace {
            [
                failure { () throws(NetworkError) in
                    try bringUp(.named("bake0", .fixed("10.77.0.9/24"), mtu: 65_536))
                },
                // The contract refuses this before a boot; a DHCP server may say it.
                failure { () throws(NetworkError) in
                    try bringUp(.named("bake0", .fixed("fd77::8/64", gateway: "fd99::1")))
                },
            ]
        }
        #expect(
            messages[0] == "cannot set the MTU of bake0 to 65536: its driver takes 68 to 65535")
        #expect(
            messages[1] == "the gateway fd99::1 cannot be reached through any address of bake0")
    }
}
