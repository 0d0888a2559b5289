import Testing

@testable import BakeContract
@testable import bake_init

/// Which entry of `net` means which interface, on messages put together by hand from rtnetlink(7).
@Suite struct InterfaceSelectionTests {
    /// A loopback, a bridge the kernel made, and two cards.
    private static let links = [
        link("lo", index: 1, type: 772), link("br0", index: 2, kind: "bridge"),
        link("eth0", index: 3), link("eth1", index: 5),
    ].compactMap { Link($0) }

    /// Little-endian: family, padding, ARPHRD type, index, flags, change; IFLA_ADDRESS (1),
    /// IFLA_IFNAME (3), IFLA_LINKINFO (18) with IFLA_INFO_KIND (1).
    private static func link(
        _ name: String, index: UInt8, type: UInt16 = 1, kind: String? = nil
    ) -> NetlinkMessage {
        var payload: Bytes = [0, 0, UInt8(type & 255), UInt8(type >> 8), index, 0, 0, 0]
        payload += [0x43, 0, 1, 0, 0, 0, 0, 0]
        payload += attribute(1, [2, 0, 0, 0, 0, index]) + attribute(3, name.bytes + [0])
        if let kind { payload += attribute(18, attribute(1, kind.bytes + [0])) }
        return NetlinkMessage(type: 16, payload: payload)
    }

    private static func attribute(_ type: UInt8, _ value: Bytes) -> Bytes {
        let bytes: Bytes = [UInt8(value.count + 4), 0, type, 0] + value
        return bytes + Bytes(repeating: 0, count: (4 - bytes.count % 4) % 4)
    }

    @Test func linksAreRead() throws {
        #expect(Self.links.map(\.name) == ["lo", "br0", "eth0", "eth1"].map(\.bytes))
        #expect(Self.links.map(\.hasHardware) == [true, false, true, true])
        #expect(Self.links.map { $0.hardwareAddress != nil } == [false, true, true, true])
        #expect(Self.links.allSatisfy { $0.isUp && $0.isRunning })
    }

    @Test func entriesAndTheirInterfaces() {
        func names(_ entries: NetworkInterface...) -> [String?] {
            selectInterfaces(entries, among: Self.links).map { $0?.name.shown }
        }
        let dhcp = NetworkInterface(method: .dhcp)
        let auto = NetworkInterface(method: .automaticVersion6)
        func driver(_ name: String, _ position: Int) -> NetworkInterface {
            NetworkInterface(.name(name.bytes, position: position), method: .dhcp)
        }
        #expect(names(dhcp) == ["eth0"], "hardware before what the kernel made")
        #expect(names(dhcp, dhcp, dhcp, dhcp) == ["eth0", "eth1", "br0", nil])
        #expect(names(dhcp, auto, auto) == ["eth0", "eth0", "eth1"], "families count apart")
        #expect(names(dhcp, .named("eth0", .dhcp)) == ["eth1", "eth0"], "named ones come first")
        #expect(names(.named("lo", .dhcp), .named("eth2", .dhcp)) == ["lo", nil])
        #expect(names(driver("vioif0", 0), driver("xenif1", 1), dhcp) == ["eth0", "eth1", "br0"])
        let address = NetworkInterface(.hardwareAddress([2, 0, 0, 0, 0, 5]), method: .dhcp)
        #expect(names(address, dhcp) == ["eth1", "eth0"])
    }
}
