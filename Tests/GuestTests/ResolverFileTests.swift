import Foundation
import TestSupport
import Testing

@testable import BakeContract
@testable import bake_init

@Suite struct ResolverFileTests {
    @Test(arguments: [
        ("", true), ("\n  \n", true), ("# nothing\n; here\n", true), ("\t# c", true),
        ("# Written by bake from what the network said.\nnameserver 1.2.3.4\n", true),
        ("nameserver 1.1.1.1\n", false), ("# mine\nsearch x\n", false), ("x", false),
    ])
    func onlyFilesThatSetNothingAreReplaced(text: String, isOurs: Bool) {
        #expect(resolverFileIsOurs(text.bytes) == isOurs)
    }

    /// Three servers are all that resolv.conf(5) reads; a link-local one needs its link.
    @Test func text() throws {
        var resolver = Resolver()
        for server in ["10.0.0.1", "fe80::1", "10.0.0.1", "2001:db8::53", "10.0.0.2"] {
            resolver.add(try #require(IPAddress(parsing: server.bytes)), zone: "eth0".bytes)
        }
        for domain in ["a.example", "b.example", "a.example"] {
            resolver.add(domain: domain.bytes)
        }
        let expected = """
            # Written by bake from what the network said.
            search a.example b.example
            nameserver 10.0.0.1
            nameserver fe80::1%eth0
            nameserver 2001:db8::53

            """
        #expect(resolver.text == expected.bytes)

        let tree = try TemporaryDirectory()
        try FileManager.default.createDirectory(
            atPath: tree.path("etc"), withIntermediateDirectories: true)
        #expect(writeResolverFile(resolver, under: tree.path.bytes) == .written)
        #expect(
            try String(contentsOfFile: tree.path("etc/resolv.conf"), encoding: .utf8) == expected)
        #expect(writeResolverFile(Resolver(), under: tree.path.bytes) == .noNameServers)
    }

    /// Times count from the option; 0 takes away, the largest number is for ever.
    @Test func advertisedNamesLast() {
        let servers = (1...12).map { IPv6Address(high: 0x2001_0db8 << 32, low: $0) }
        var names = AdvertisedNames()
        names.take(.nameServers([servers[0]], .max), at: 1000)
        #expect(names.deadline == nil)
        names.take(.nameServers([servers[1]], 10), at: 1000)
        names.take(.searchDomains(["a".bytes], 5), at: 1000)
        #expect(names.deadline == 6000)
        names.forget(at: 6000)
        #expect(names.searchDomains.isEmpty)
        #expect(names.nameServers == [servers[0], servers[1]])
        names.take(.nameServers([servers[1]], 10), at: 9000)
        names.forget(at: 11_000)
        #expect(names.deadline == 19_000)
        names.take(.nameServers([servers[0]], 0), at: 12_000)
        #expect(names.nameServers == [servers[1]])
        names.take(.nameServers(servers, 60), at: 12_000)
        #expect(names.nameServers.count == 8, "no router fills our memory")
    }
}
