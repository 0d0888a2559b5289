import Testing

@testable import BakeContract

@Suite("Network entries of configurations")
struct NetworkConfigurationTests {
    @Test(
        "a refusal names the place and what would be right",
        arguments: [
            ("{}", "1:8: error: 'net' has no 'method'"),
            (
                "{\"method\":\"bootp\"}",
                "1:18: error: 'net.method' must be \"dhcp\" or \"static\""
            ),
            (
                "{\"type\":\"inet6\",\"method\":\"dhcp\"}",
                "1:33: error: 'net.method' must be \"auto\" or \"static\""
            ),
            (
                "{\"method\":\"dhcp\",\"addr\":\"10.0.0.1\"}",
                "1:32: error: 'net.addr' has no meaning beside \"method\": \"dhcp\""
            ),
            (
                "{\"type\":\"inet6\",\"method\":\"auto\",\"gw\":\"fe80::1\"}",
                "1:45: error: 'net.gw' has no meaning beside \"method\": \"auto\""
            ),
            ("{\"method\":\"static\"}", "1:8: error: 'net' has no 'addr'"),
            ("{\"method\":\"static\",\"addr\":\"10.0.0.1\"}", "1:8: error: 'net' has no 'mask'"),
            (
                "{\"method\":\"static\",\"addr\":\"10.0.0.1/33\"}",
                "1:34: error: 'net.addr' must be an IPv4 address of a host, such as \"10.0.0.2\" or "
                    + "\"10.0.0.2/24\""
            ),
            (
                "{\"method\":\"static\",\"addr\":\"10.0.0.1/24/8\"}",
                "1:34: error: 'net.addr' must be an IPv4 address of a host, such as \"10.0.0.2\" or "
                    + "\"10.0.0.2/24\""
            ),
            (
                "{\"method\":\"static\",\"addr\":\"10.0.0.01/8\"}",
                "1:34: error: 'net.addr' must be an IPv4 address of a host, such as \"10.0.0.2\" or "
                    + "\"10.0.0.2/24\""
            ),
            (
                "{\"method\":\"static\",\"addr\":\"10.0.0.1/24\",\"mask\":\"255.255.0.0\"}",
                "1:55: error: 'net.mask' must be the same as behind the '/' of 'addr'"
            ),
            (
                "{\"method\":\"static\",\"addr\":\"10.0.0.1\",\"mask\":\"255.0.255.0\"}",
                "1:52: error: 'net.mask' must be a network mask such as \"24\" or \"255.255.255.0\""
            ),
            (
                "{\"method\":\"static\",\"addr\":\"10.0.0.1/8\",\"gw\":\"10.0.0.256\"}",
                "1:52: error: 'net.gw' must be an IPv4 address of a host, such as \"10.0.0.1\""
            ),
            (
                "{\"method\":\"static\",\"addr\":\"10.0.0.2/24\",\"gw\":\"10.0.1.1\"}",
                "1:53: error: 'net.gw': 10.0.1.1 is not in the network of 10.0.0.2/24"
            ),
            (
                "{\"type\":\"inet6\",\"method\":\"static\",\"addr\":\"fe80::1/64\"}",
                "1:49: error: 'net.addr' must be an IPv6 address of a host, such as "
                    + "\"2001:db8::2\" or \"2001:db8::2/64\""
            ),
            (
                "{\"type\":\"inet6\",\"method\":\"static\",\"addr\":\"2001:db8::2/129\"}",
                "1:49: error: 'net.addr' must be an IPv6 address of a host, such as "
                    + "\"2001:db8::2\" or \"2001:db8::2/64\""
            ),
            (
                "{\"type\":\"inet6\",\"method\":\"static\",\"addr\":\"2001:db8::2/64\","
                    + "\"gw\":\"2001:db8:1::1\"}",
                "1:71: error: 'net.gw': 2001:db8:1::1 is neither link-local nor in the network of "
                    + "2001:db8::2/64"
            ),
            (
                "{\"method\":\"dhcp\",\"if\":\"a/b\"}",
                "1:30: error: 'net.if' must be an interface's name (at most 15 bytes) or MAC "
                    + "address (\"52:54:00:12:34:56\")"
            ),
            (
                "{\"method\":\"dhcp\",\"if\":\"52:54:00:12:34\"}",
                "1:30: error: 'net.if' must be an interface's name (at most 15 bytes) or MAC "
                    + "address (\"52:54:00:12:34:56\")"
            ),
            (
                "{\"method\":\"dhcp\",\"mtu\":67}",
                "1:31: error: 'net.mtu' must be a number from 68 to 65535"
            ),
            (
                "{\"type\":\"inet6\",\"method\":\"auto\",\"mtu\":1279}",
                "1:46: error: 'net.mtu' must be a number from 1280 to 65535, for IPv6"
            ),
            (
                "{\"method\":\"dhcp\",\"dns\":[\"::g\"]}",
                "1:32: error: 'net.dns[0]' must be an IP address"
            ),
            (
                "{\"method\":\"dhcp\",\"search\":\"a b\"}",
                "1:34: error: 'net.search' must be a domain such as \"example.net\""
            ),
            (
                "{\"method\":\"dhcp\",\"optional\":\"yes\"}",
                "1:36: error: 'net.optional' must be true or false"
            ),
            (
                "[{\"if\":\"eth0\",\"method\":\"dhcp\"},{\"if\":\"eth0\",\"method\":\"dhcp\"}]",
                "1:39: error: 'net[1]': an entry before says the same of eth0"
            ),
        ])
    func refusal(entry: String, expected: String) {
        #expect(throws: Never.self) {
            do throws(ConfigurationError) {
                _ = try EffectiveConfiguration.making(
                    Bytes("{\"net\":\(entry)}"), file: Bytes("x"))
                Issue.record("accepted: \(entry)")
            } catch {
                #expect(error.description == "x:" + expected)
            }
        }
    }

    @Test("what entries mean, as the step that follows from them")
    func meanings() throws {
        func step(_ entries: String) throws -> String {
            let effective = try EffectiveConfiguration.making(
                Bytes("{\"cmdline\":\"a\",\"net\":\(entries)}"), file: Bytes("x"))
            let plan = try BootPlan.make(.squashfs, .file, effective.configuration, published: [])
            return plan.text.text.split(separator: "\n").map(String.init)
                .first { $0.hasPrefix("configure ") } ?? ""
        }
        #expect(
            try step(
                """
                [{"method":"dhcp"},
                 {"type":"inet6","method":"auto","dns":["2001:db8::53"],"search":["a.b","c"]},
                 {"method":"static","addr":"10.0.0.2","mask":24},
                 {"if":"52:54:00:AB:cd:ef","type":"inet6","method":"static",
                  "addr":"2001:db8::2/64","gw":"fe80::1","mtu":1280,"optional":true}]
                """)
                == "configure the first Ethernet interface by DHCP; the first Ethernet interface "
                + "by router advertisements, name server 2001:db8::53, search domain a.b, search "
                + "domain c; the next Ethernet interface as 10.0.0.2/24; 52:54:00:ab:cd:ef as "
                + "2001:db8::2/64, gateway fe80::1, MTU 1280 (optional)")
        // As rumprun writes it, with NetBSD's name of the second card.
        #expect(
            try step(
                #"{"if":"vioif1","cloner":"true","type":"inet","method":"static","#
                    + #""addr":"10.0.120.101","mask":"24","gw":"10.0.120.1"}"#)
                == "configure vioif1 as 10.0.120.101/24, gateway 10.0.120.1")
    }

    @Test(
        "what -W says, as rumprun has it",
        arguments: [
            ("inet,dhcp", #"{"method":"dhcp","type":"inet"}"#),
            ("qnet0,inet,dhcp", #"{"if":"qnet0","method":"dhcp","type":"inet"}"#),
            ("inet6,auto", #"{"method":"auto","type":"inet6"}"#),
            (
                "t,inet,static,10.0.0.2/24",
                #"{"addr":"10.0.0.2/24","if":"t","method":"static","type":"inet"}"#
            ),
            (
                "t,inet6,static,2001:db8::2/64,fe80::1",
                #"{"addr":"2001:db8::2/64","gw":"fe80::1","if":"t","method":"static","type":"inet6"}"#
            ),
            ("", nil), ("inet", nil), ("inet,auto", nil), ("inet6,dhcp", nil), ("a,b,dhcp", nil),
            ("inet,static", nil), ("inet,static,", nil), ("inet,static,a,b,c", nil),
            ("inet,dhcp,10.0.0.2/24", nil), (",inet,dhcp", nil), ("a,inet", nil),
        ] as [(String, String?)])
    func specification(text: String, expected: String?) {
        let specification = NetworkSpecification(parsing: Bytes(text))
        #expect(specification.map { $0.entry(for: $0.tag).compactText.text } == expected)
    }

    @Test("a later source replaces the list as a whole")
    func merging() throws {
        let effective = try EffectiveConfiguration.booting(
            baked: Bytes(#"{"cmdline":"a","net":[{"method":"dhcp"},{"if":"x","method":"dhcp"}]}"#),
            room: nil,
            commandLine: Bytes(#"bake.net=[{"type":"inet6","method":"auto"}]"#))
        #expect(effective.configuration.interfaces.map(\.method) == [.automaticVersion6])
    }

    @Test(
        "IPv6 addresses, as they are written and as RFC 5952 writes them",
        arguments: [
            ("::", "::"), ("::1", "::1"), ("1::", "1::"), ("2001:DB8::1", "2001:db8::1"),
            ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
            ("2001:0db8:0000:0000:0000:0000:0002:0001", "2001:db8::2:1"),
            ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"), ("0:0:1::", "0:0:1::"),
            ("::ffff:192.0.2.1", "::ffff:c000:201"), ("64:ff9b::10.0.0.1", "64:ff9b::a00:1"),
            ("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"), ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
            ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"),
        ])
    func version6(text: String, canonical: String) throws {
        let address = try #require(IPv6Address(parsing: Bytes(text)))
        #expect(address.description == canonical)
        #expect(IPv6Address(parsing: address.text) == address)
        #expect(IPv6Address(bytes: address.bytes) == address)
    }

    @Test(
        "no IPv6 addresses",
        arguments: [
            "", ":", ":::", "1", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", ":1::", "1:",
            "1::2:", "12345::", "g::", "::1%eth0", "[::1]", "1:2:3:4:5:6:7:8::", "::1.2.3",
            "1.2.3.4::", "::1.2.3.4:5", " ::1", "1:2:3:4:5:6:7:1.2.3.4",
        ])
    func notVersion6(text: String) {
        #expect(IPv6Address(parsing: Bytes(text)) == nil)
    }
}
