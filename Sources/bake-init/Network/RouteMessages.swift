// What rtnetlink(7) says of links, addresses and routes, as values. Pure; layouts of the structs
// are those of linux/rtnetlink.h, linux/if_addr.h and linux/if_link.h.

import BakeContract
import CGuest

/// An interface as the kernel lists it.
struct Link: Equatable, Sendable {
    var index: Int32
    var name: Bytes
    /// Six bytes; nil for what is no Ethernet.
    var hardwareAddress: Bytes?
    /// False for bridges, VLANs, virtual pairs and the like, which the kernel makes itself.
    var hasHardware: Bool
    var isUp: Bool
    /// Whether there is a carrier and packets can leave.
    var isRunning: Bool
    /// Bytes; nil where the driver does not say. 0 is as good as no limit.
    var shortestMTU: UInt32?
    var longestMTU: UInt32?

    private static let structByteCount = 16

    /// nil for whatever is no RTM_NEWLINK or names nothing.
    init?(_ message: NetlinkMessage) {
        let payload = message.payload
        guard message.type == UInt16(RTM_NEWLINK), payload.count >= Self.structByteCount else {
            return nil
        }
        let attributes = NetlinkAttributes(payload, from: Self.structByteCount)
        guard let name = attributes.name(Int(IFLA_IFNAME)), !name.isEmpty else { return nil }
        self.name = name
        index = Int32(bitPattern: payload.native32(at: 4))
        let flags = payload.native32(at: 8)
        isUp = flags & UInt32(IFF_UP) != 0
        isRunning = flags & UInt32(IFF_RUNNING) != 0
        let isEthernet = payload.native16(at: 2) == UInt16(ARPHRD_ETHER)
        hardwareAddress = attributes[Int(IFLA_ADDRESS)].flatMap {
            isEthernet && $0.count == 6 ? $0 : nil
        }
        hasHardware = attributes[Int(IFLA_LINKINFO)] == nil
        shortestMTU = attributes.number32(Int(IFLA_MIN_MTU))
        longestMTU = attributes.number32(Int(IFLA_MAX_MTU))
    }

    static func list() -> NetlinkMessage {
        NetlinkMessage(
            type: UInt16(RTM_GETLINK), payload: Bytes(repeating: 0, count: structByteCount))
    }

    static func takeDown(index: Int32) -> NetlinkMessage {
        var payload: Bytes = [UInt8(AF_UNSPEC), 0, 0, 0]
        payload.append(native: UInt32(bitPattern: index))
        payload.append(native: UInt32(0))
        payload.append(native: UInt32(IFF_UP))
        return NetlinkMessage(type: UInt16(RTM_NEWLINK), payload: payload)
    }

    /// Sets a link up, or its MTU, or both.
    static func change(index: Int32, isUp: Bool, mtu: Int?) -> NetlinkMessage {
        let up = UInt32(IFF_UP)
        var payload: Bytes = [UInt8(AF_UNSPEC), 0, 0, 0]
        payload.append(native: UInt32(bitPattern: index))
        payload.append(native: isUp ? up : 0)
        payload.append(native: isUp ? up : 0)
        var attributes = NetlinkAttributes()
        if let mtu { attributes.add(Int(IFLA_MTU), UInt32(clamping: mtu)) }
        return NetlinkMessage(type: UInt16(RTM_NEWLINK), payload: payload + attributes.encoded())
    }
}

/// An address of one interface.
struct LinkAddress: Equatable, Sendable {
    var address: IPAddress
    var prefixLength: Int
    var interfaceIndex: Int32
    /// RT_SCOPE_: universe, site, link, host.
    var scope: UInt8 = 0
    /// Duplicate address detection is under way (RFC 4862 section 5.4), or has found a duplicate.
    var isTentative = false
    var isDuplicate = false

    private static let structByteCount = 8

    init(_ address: IPAddress, prefixLength: Int, on interfaceIndex: Int32) {
        self.address = address
        self.prefixLength = prefixLength
        self.interfaceIndex = interfaceIndex
    }

    /// nil for whatever is no RTM_NEWADDR.
    init?(_ message: NetlinkMessage) {
        let payload = message.payload
        guard message.type == UInt16(RTM_NEWADDR), payload.count >= Self.structByteCount else {
            return nil
        }
        let attributes = NetlinkAttributes(payload, from: Self.structByteCount)
        // IFA_ADDRESS is the peer's on a point-to-point link.
        let value = attributes[Int(IFA_LOCAL)] ?? attributes[Int(IFA_ADDRESS)]
        guard let value, let address = IPAddress(networkOrder: value) else { return nil }
        self.address = address
        prefixLength = Int(payload[1])
        scope = payload[3]
        interfaceIndex = Int32(bitPattern: payload.native32(at: 4))
        // IFA_FLAGS holds those beyond the eight of the struct.
        let flags = attributes.number32(Int(IFA_FLAGS)) ?? UInt32(payload[2])
        isTentative = flags & UInt32(IFA_F_TENTATIVE) != 0
        isDuplicate = flags & UInt32(IFA_F_DADFAILED) != 0
    }

    /// Whether it can be used beyond the link, now.
    var isUsable: Bool {
        !isTentative && !isDuplicate && scope < UInt8(RT_SCOPE_LINK.rawValue)
    }

    static func list() -> NetlinkMessage {
        NetlinkMessage(
            type: UInt16(RTM_GETADDR), payload: Bytes(repeating: 0, count: structByteCount))
    }

    /// - Parameter metric: of the route to the address's own network.
    func adding(metric: UInt32) -> NetlinkMessage {
        var attributes = attributes
        attributes.add(Int(IFA_RT_PRIORITY), metric)
        return NetlinkMessage(
            type: UInt16(RTM_NEWADDR), flags: UInt16(NLM_F_CREATE | NLM_F_REPLACE),
            payload: header + attributes.encoded())
    }

    func removing() -> NetlinkMessage {
        NetlinkMessage(type: UInt16(RTM_DELADDR), payload: header + attributes.encoded())
    }

    private var header: Bytes {
        var bytes: Bytes = [address.family, UInt8(truncatingIfNeeded: prefixLength), 0, scope]
        bytes.append(native: UInt32(bitPattern: interfaceIndex))
        return bytes
    }

    private var attributes: NetlinkAttributes {
        var attributes = NetlinkAttributes()
        attributes.add(Int(IFA_LOCAL), address.networkOrder)
        attributes.add(Int(IFA_ADDRESS), address.networkOrder)
        if case .v4(let version4) = address, let prefix = IPv4PrefixLength(count: prefixLength) {
            attributes.add(
                Int(IFA_BROADCAST), IPAddress.v4(prefix.broadcast(of: version4)).networkOrder)
        }
        return attributes
    }
}

/// A route through one interface.
struct LinkRoute: Equatable, Sendable {
    var network: IPAddress
    var prefixLength: Int
    /// nil: the network is on the link.
    var gateway: IPAddress?
    var interfaceIndex: Int32
    var metric: UInt32

    private static let structByteCount = 12

    init(
        to network: IPAddress, prefixLength: Int, gateway: IPAddress?, on interfaceIndex: Int32,
        metric: UInt32
    ) {
        self.network = network
        self.prefixLength = prefixLength
        self.gateway = gateway
        self.interfaceIndex = interfaceIndex
        self.metric = metric
    }

    static func list() -> NetlinkMessage {
        NetlinkMessage(
            type: UInt16(RTM_GETROUTE), payload: Bytes(repeating: 0, count: structByteCount))
    }

    /// Whether the message is a route of the main table that leads everywhere by IPv6.
    static func isVersion6Default(_ message: NetlinkMessage, on interfaceIndex: Int32) -> Bool {
        let payload = message.payload
        guard message.type == UInt16(RTM_NEWROUTE), payload.count >= structByteCount,
            payload[0] == UInt8(AF_INET6), payload[1] == 0,
            payload[7] == UInt8(RTN_UNICAST)
        else { return false }
        let attributes = NetlinkAttributes(payload, from: structByteCount)
        let table = attributes.number32(Int(RTA_TABLE.rawValue)) ?? UInt32(payload[4])
        return table == UInt32(RT_TABLE_MAIN.rawValue)
            && attributes.number32(Int(RTA_OIF.rawValue)) == UInt32(bitPattern: interfaceIndex)
    }

    func adding() -> NetlinkMessage {
        message(UInt16(RTM_NEWROUTE), flags: UInt16(NLM_F_CREATE | NLM_F_REPLACE))
    }

    func removing() -> NetlinkMessage { message(UInt16(RTM_DELROUTE), flags: 0) }

    private func message(_ type: UInt16, flags: UInt16) -> NetlinkMessage {
        let isOnLink = gateway == nil && network.family == UInt8(AF_INET)
        var payload: Bytes = [
            network.family, UInt8(truncatingIfNeeded: prefixLength), 0, 0,
            UInt8(RT_TABLE_MAIN.rawValue), UInt8(RTPROT_STATIC),
            UInt8((isOnLink ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE).rawValue),
            UInt8(RTN_UNICAST),
        ]
        payload.append(native: 0 as UInt32)
        var attributes = NetlinkAttributes()
        if prefixLength > 0 { attributes.add(Int(RTA_DST.rawValue), network.networkOrder) }
        if let gateway { attributes.add(Int(RTA_GATEWAY.rawValue), gateway.networkOrder) }
        attributes.add(Int(RTA_OIF.rawValue), UInt32(bitPattern: interfaceIndex))
        attributes.add(Int(RTA_PRIORITY.rawValue), metric)
        return NetlinkMessage(type: type, flags: flags, payload: payload + attributes.encoded())
    }
}

extension IPAddress {
    /// 4 or 16 bytes.
    var networkOrder: Bytes {
        switch self {
        case .v4(let address):
            [24, 16, 8, 0].map { UInt8(address.bits >> UInt32($0) & 255) }
        case .v6(let address): address.bytes
        }
    }

    init?(networkOrder bytes: Bytes) {
        if bytes.count == 4 {
            self = .v4(IPv4Address(bits: bytes.reduce(0) { $0 << 8 | UInt32($1) }))
        } else if let address = IPv6Address(bytes: bytes) {
            self = .v6(address)
        } else {
            return nil
        }
    }

    var family: UInt8 {
        switch self {
        case .v4: UInt8(AF_INET)
        case .v6: UInt8(AF_INET6)
        }
    }
}
