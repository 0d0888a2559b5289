// DHCP messages as bytes: RFC 2131 section 2 (the fixed part), RFC 2132 (options), RFC 3396
// (an option in several pieces), RFC 3442 (classless routes). Pure; every input has an answer.

import BakeContract

enum DHCPMessageKind: UInt8, Sendable {
    case discover = 1
    case offer = 2
    case request = 3
    case decline = 4
    case ack = 5
    case nak = 6
    case release = 7
    case inform = 8
}

private enum Option {
    static let pad: UInt8 = 0
    static let subnetMask: UInt8 = 1
    static let router: UInt8 = 3
    static let nameServers: UInt8 = 6
    static let hostname: UInt8 = 12
    static let domain: UInt8 = 15
    static let mtu: UInt8 = 26
    static let requestedAddress: UInt8 = 50
    static let leaseSeconds: UInt8 = 51
    static let overload: UInt8 = 52
    static let kind: UInt8 = 53
    static let server: UInt8 = 54
    static let wanted: UInt8 = 55
    static let longestMessage: UInt8 = 57
    static let renewSeconds: UInt8 = 58
    static let rebindSeconds: UInt8 = 59
    static let clientIdentifier: UInt8 = 61
    static let classlessRoutes: UInt8 = 121
    static let end: UInt8 = 255
}

/// Offsets of the fixed part, in bytes.
private enum Field {
    static let transactionID = 4
    static let secondsElapsed = 8
    static let clientAddress = 12
    static let yourAddress = 16
    static let hardwareAddress = 28
    static let serverName = 44..<108
    static let fileName = 108..<236
    static let cookie = 236
    static let options = 240
}

private let cookie: UInt32 = 0x6382_5363
private let ethernet: UInt8 = 1

/// What the client sends.
struct DHCPRequest: Equatable, Sendable {
    var kind: DHCPMessageKind
    var transactionID: UInt32
    /// Six bytes.
    var hardwareAddress: Bytes
    var secondsElapsed: UInt16 = 0
    /// The address the client has and answers to; 0.0.0.0 before it has one.
    var clientAddress = IPv4Address.any
    var requestedAddress: IPv4Address?
    var server: IPv4Address?
    var hostname: Bytes?

    /// The UDP payload, padded to the 300 bytes that BOOTP relays expect. The broadcast flag
    /// stays off: the client reads packets before it has an address, unicast ones included.
    func encoded() -> Bytes {
        var bytes = Bytes(repeating: 0, count: Field.options)
        bytes[0] = 1  // from a client
        bytes[1] = ethernet
        bytes[2] = 6
        bytes.write(transactionID, at: Field.transactionID)
        bytes[Field.secondsElapsed] = UInt8(secondsElapsed >> 8)
        bytes[Field.secondsElapsed + 1] = UInt8(truncatingIfNeeded: secondsElapsed)
        bytes.write(clientAddress.bits, at: Field.clientAddress)
        for (index, byte) in hardwareAddress.prefix(6).enumerated() {
            bytes[Field.hardwareAddress + index] = byte
        }
        bytes.write(cookie, at: Field.cookie)

        bytes.append(option: Option.kind, [kind.rawValue])
        bytes.append(option: Option.clientIdentifier, [ethernet] + hardwareAddress.prefix(6))
        if let requestedAddress {
            bytes.append(option: Option.requestedAddress, requestedAddress.bits.bigEndianBytes)
        }
        if let server { bytes.append(option: Option.server, server.bits.bigEndianBytes) }
        if let hostname, !hostname.isEmpty {
            bytes.append(option: Option.hostname, Array(hostname.prefix(64)))
        }
        bytes.append(option: Option.longestMessage, [0x05, 0xdc])
        bytes.append(
            option: Option.wanted,
            [
                Option.subnetMask, Option.router, Option.nameServers, Option.hostname,
                Option.domain, Option.mtu, Option.leaseSeconds, Option.renewSeconds,
                Option.rebindSeconds, Option.classlessRoutes,
            ])
        bytes.append(Option.end)
        if bytes.count < 300 { bytes += Bytes(repeating: 0, count: 300 - bytes.count) }
        return bytes
    }
}

/// What a server sends, as far as the client uses it.
struct DHCPReply: Equatable, Sendable {
    var kind: DHCPMessageKind
    var transactionID: UInt32
    var hardwareAddress: Bytes
    /// The address offered or given.
    var yourAddress: IPv4Address
    var server: IPv4Address?
    var prefix: IPv4PrefixLength?
    var routers: [IPv4Address] = []
    /// nil when the option is absent; then `routers` counts.
    var classlessRoutes: [IPv4Route]?
    var nameServers: [IPv4Address] = []
    /// Only what is a name: letters, digits, `.`, `-`, `_`, at most 253 bytes.
    var domain: Bytes?
    var hostname: Bytes?
    var mtu: Int?
    var leaseSeconds: UInt32?
    var renewSeconds: UInt32?
    var rebindSeconds: UInt32?

    /// nil for whatever is not a DHCP answer to an Ethernet client. A damaged option is as good
    /// as absent, except for the ones that say what the message is.
    init?(parsing bytes: Bytes) {
        guard bytes.count >= Field.options, bytes[0] == 2, bytes[1] == ethernet, bytes[2] == 6,
            bytes.number(at: Field.cookie) == cookie,
            let options = DHCPOptions(messageBytes: bytes),
            let kindBytes = options[Option.kind], kindBytes.count == 1,
            let kind = DHCPMessageKind(rawValue: kindBytes[0])
        else { return nil }

        self.kind = kind
        transactionID = bytes.number(at: Field.transactionID)
        hardwareAddress = Array(bytes[Field.hardwareAddress..<Field.hardwareAddress + 6])
        yourAddress = IPv4Address(bits: bytes.number(at: Field.yourAddress))
        server = options.addresses(Option.server).first
        prefix = options.addresses(Option.subnetMask).first.flatMap(IPv4PrefixLength.init(mask:))
        routers = options.addresses(Option.router).filter { $0.isUnicast }
        classlessRoutes = options[Option.classlessRoutes].flatMap(parseClasslessRoutes)
        nameServers = options.addresses(Option.nameServers).filter { $0 != .any }
        domain = options[Option.domain].flatMap(validName)
        hostname = options[Option.hostname].flatMap(validName)
        if let value = options[Option.mtu], value.count == 2 {
            let mtu = Int(value[0]) << 8 | Int(value[1])
            self.mtu = mtu >= 68 ? mtu : nil  // RFC 2132 section 5.1
        }
        leaseSeconds = options.number(Option.leaseSeconds)
        renewSeconds = options.number(Option.renewSeconds)
        rebindSeconds = options.number(Option.rebindSeconds)
    }
}

/// Options in the order they came; pieces of the same option joined (RFC 3396).
private struct DHCPOptions {
    private var values: [(code: UInt8, value: Bytes)] = []

    /// The option field, then `file`, then `sname` where option 52 says that they hold options.
    init?(messageBytes bytes: Bytes) {
        guard append(bytes[Field.options...]) else { return nil }
        let overload = self[Option.overload]?.first ?? 0
        if overload & 1 != 0, !append(bytes[Field.fileName]) { return nil }
        if overload & 2 != 0, !append(bytes[Field.serverName]) { return nil }
    }

    subscript(code: UInt8) -> Bytes? {
        for option in values where option.code == code { return option.value }
        return nil
    }

    func addresses(_ code: UInt8) -> [IPv4Address] {
        guard let value = self[code], value.count % 4 == 0 else { return [] }
        return stride(from: 0, to: value.count, by: 4).map {
            IPv4Address(bits: value.number(at: $0))
        }
    }

    func number(_ code: UInt8) -> UInt32? {
        guard let value = self[code], value.count == 4 else { return nil }
        return value.number(at: 0)
    }

    /// False when an option reaches beyond the field. A missing end mark is forgiven.
    private mutating func append(_ field: ArraySlice<UInt8>) -> Bool {
        var rest = field
        while let code = rest.popFirst(), code != Option.end {
            if code == Option.pad { continue }
            guard let length = rest.popFirst(), rest.count >= Int(length) else { return false }
            let value = Array(rest.prefix(Int(length)))
            rest = rest.dropFirst(Int(length))
            if let index = values.firstIndex(where: { $0.code == code }) {
                values[index].value += value
            } else {
                values.append((code, value))
            }
        }
        return true
    }
}

/// RFC 3442: prefix length, as many bytes of the network as it needs, router; repeated.
private func parseClasslessRoutes(_ value: Bytes) -> [IPv4Route]? {
    var routes: [IPv4Route] = []
    var rest = value[...]
    while let count = rest.popFirst() {
        guard let prefix = IPv4PrefixLength(count: Int(count)) else { return nil }
        let significantByteCount = (prefix.count + 7) / 8
        guard rest.count >= significantByteCount + 4 else { return nil }
        var network: UInt32 = 0
        for index in 0..<4 {
            network = network << 8 | (index < significantByteCount ? UInt32(rest.removeFirst()) : 0)
        }
        var gateway: UInt32 = 0
        for _ in 0..<4 { gateway = gateway << 8 | UInt32(rest.removeFirst()) }
        routes.append(
            IPv4Route(
                network: IPv4Address(bits: network & prefix.mask.bits), prefix: prefix,
                gateway: IPv4Address(bits: gateway)))
    }
    return routes
}

/// Names end up in /etc/resolv.conf and in sethostname(2): nothing but a name may pass. Some
/// servers end them with a NUL.
private func validName(_ value: Bytes) -> Bytes? {
    var name = value[...]
    while name.last == 0 { name.removeLast() }
    guard !name.isEmpty, name.count <= 253 else { return nil }
    for byte in name {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"),
            UInt8(ascii: "_"):
            continue
        default: return nil
        }
    }
    return Array(name)
}

extension UInt32 {
    fileprivate var bigEndianBytes: Bytes {
        [
            UInt8(self >> 24), UInt8(self >> 16 & 255), UInt8(self >> 8 & 255), UInt8(self & 255),
        ]
    }
}

extension Bytes {
    fileprivate mutating func append(option code: UInt8, _ value: Bytes) {
        append(code)
        append(UInt8(value.count))
        self += value
    }

    fileprivate mutating func write(_ number: UInt32, at offset: Int) {
        replaceSubrange(offset..<offset + 4, with: number.bigEndianBytes)
    }

    fileprivate func number(at offset: Int) -> UInt32 {
        UInt32(self[offset]) << 24 | UInt32(self[offset + 1]) << 16
            | UInt32(self[offset + 2]) << 8 | UInt32(self[offset + 3])
    }
}
