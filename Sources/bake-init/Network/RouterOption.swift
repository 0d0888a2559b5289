// What a router advertisement says of name servers (RFC 8106), as the kernel hands it on: one
// option of the advertisement in each RTM_NEWNDUSEROPT. Pure; every input has an answer.

import BakeContract
import CGuest

enum RouterOption: Equatable, Sendable {
    /// How long what an option says is good, in seconds; `UInt32.max` is for ever.
    typealias Lifetime = UInt32

    case nameServers([IPv6Address], Lifetime)
    case searchDomains([Bytes], Lifetime)

    /// struct nduseroptmsg: family, padding, length of the options (2), interface (4), ICMP type
    /// and code, padding.
    private static let structByteCount = 16
    private static let routerAdvertisement: UInt8 = 134
    /// Type, length in units of eight bytes, two reserved bytes, lifetime.
    private static let headerByteCount = 8

    /// nil for whatever is not one of these options, from a router on this interface.
    init?(_ message: NetlinkMessage, on interfaceIndex: Int32) {
        let payload = message.payload
        guard message.type == UInt16(RTM_NEWNDUSEROPT), payload.count >= Self.structByteCount,
            payload[0] == UInt8(AF_INET6), payload[8] == Self.routerAdvertisement,
            payload.native32(at: 4) == UInt32(bitPattern: interfaceIndex)
        else { return nil }
        let byteCount = Int(payload.native16(at: 2))
        guard payload.count - Self.structByteCount >= byteCount else { return nil }
        self.init(Bytes(payload.dropFirst(Self.structByteCount).prefix(byteCount)))
    }

    /// One option, RFC 8106 section 5.
    init?(_ option: Bytes) {
        guard option.count >= Self.headerByteCount, Int(option[1]) * 8 == option.count else {
            return nil
        }
        let lifetime = option[4..<8].reduce(0) { $0 << 8 | UInt32($1) }
        let body = Bytes(option[Self.headerByteCount...])
        switch option[0] {
        case 25:
            guard !body.isEmpty, body.count % 16 == 0 else { return nil }
            let servers = stride(from: 0, to: body.count, by: 16)
                .compactMap { IPv6Address(bytes: body[$0..<($0 + 16)]) }
                .filter { $0.isHost || $0.isLinkLocal }
            self = .nameServers(servers, lifetime)
        case 31:
            guard let domains = Self.domains(body) else { return nil }
            self = .searchDomains(domains, lifetime)
        default:
            return nil
        }
    }

    /// Names as RFC 1035 section 3.1 has them, without compression, zeros behind the last. A name
    /// that could not stand in resolv.conf(5) is left out.
    private static func domains(_ body: Bytes) -> [Bytes]? {
        var domains: [Bytes] = []
        var rest = body[...]
        while let first = rest.first, first != 0 {
            var name: Bytes = []
            while let length = rest.popFirst(), length != 0 {
                guard length <= 63, rest.count > Int(length) else { return nil }
                if !name.isEmpty { name.append(UInt8(ascii: ".")) }
                name += rest.prefix(Int(length))
                rest = rest.dropFirst(Int(length))
            }
            if isDomainName(name) { domains.append(name) }
        }
        return rest.allSatisfy { $0 == 0 } ? domains : nil
    }
}
