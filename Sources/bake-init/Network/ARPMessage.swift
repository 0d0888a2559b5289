// ARP for IPv4 over Ethernet (RFC 826), as far as finding out takes it whether an address is
// taken (RFC 5227). Pure; every input has an answer.

import BakeContract

struct ARPMessage: Equatable, Sendable {
    private static let byteCount = 28
    /// Ethernet, IPv4, six and four bytes.
    private static let kind: Bytes = [0, 1, 8, 0, 6, 4]

    var senderHardware: Bytes
    var sender: IPv4Address
    var target: IPv4Address

    /// Asks who has an address without claiming it: the sender's is 0.0.0.0.
    static func probe(for address: IPv4Address, from hardwareAddress: Bytes) -> Bytes {
        kind + [0, 1] + hardwareAddress.prefix(6) + IPAddress.v4(.any).networkOrder
            + Bytes(repeating: 0, count: 6) + IPAddress.v4(address).networkOrder
    }

    /// nil for whatever is no question or answer about IPv4 over Ethernet.
    init?(parsing bytes: Bytes) {
        guard bytes.count >= Self.byteCount, bytes.starts(with: Self.kind), bytes[6] == 0,
            bytes[7] == 1 || bytes[7] == 2,
            case .v4(let sender) = IPAddress(networkOrder: Bytes(bytes[14..<18])),
            case .v4(let target) = IPAddress(networkOrder: Bytes(bytes[24..<28]))
        else { return nil }
        senderHardware = Bytes(bytes[8..<14])
        self.sender = sender
        self.target = target
    }

    /// Whether another machine has the address or, like us, is about to take it (RFC 5227 section
    /// 2.1.1).
    func contests(_ address: IPv4Address, of hardwareAddress: Bytes) -> Bool {
        guard senderHardware != hardwareAddress else { return false }
        return sender == address || (sender == .any && target == address)
    }
}
