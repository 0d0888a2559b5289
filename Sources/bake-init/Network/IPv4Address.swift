// IPv4 addresses as numbers, and the two spellings of a network mask.

import BakeContract

/// An IPv4 address. `bits` is in host order: 10.0.2.15 is 0x0a00020f.
struct IPv4Address: Equatable, Sendable {
    var bits: UInt32

    init(bits: UInt32) { self.bits = bits }

    static let any = IPv4Address(bits: 0)
    static let broadcast = IPv4Address(bits: 0xffff_ffff)

    /// Four decimal numbers from 0 to 255 with dots between them and nothing else: no octal,
    /// no hexadecimal, no short forms, which inet_aton(3) reads and people do not expect.
    init?(parsing text: some Collection<UInt8>) {
        var bits: UInt32 = 0
        var numberCount = 0
        for number in text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false) {
            guard numberCount < 4, let value = decimal(number, atMost: 255) else { return nil }
            bits = bits << 8 | UInt32(value)
            numberCount += 1
        }
        guard numberCount == 4 else { return nil }
        self.bits = bits
    }

    /// Dotted decimal, as ASCII.
    var text: Bytes { description.bytes }

    var description: String {
        "\(bits >> 24).\(bits >> 16 & 255).\(bits >> 8 & 255).\(bits & 255)"
    }

    /// An address one machine can have: not 0.0.0.0/8, not loopback, not multicast or above.
    var isUnicast: Bool {
        let first = bits >> 24
        return first != 0 && first != 127 && first < 224
    }
}

/// How many leading bits of an address name its network, 0 to 32.
struct IPv4PrefixLength: Equatable, Sendable {
    private(set) var count: Int

    /// The prefix of no bits: the default route's.
    static let everything = IPv4PrefixLength(knownGood: 0)
    static let oneAddress = IPv4PrefixLength(knownGood: 32)

    init?(count: Int) {
        guard (0...32).contains(count) else { return nil }
        self.count = count
    }

    private init(knownGood count: Int) { self.count = count }

    /// The ones of a mask must stand together: 255.0.255.0 is refused.
    init?(mask: IPv4Address) {
        let count = (~mask.bits).leadingZeroBitCount
        guard IPv4PrefixLength.mask(count) == mask.bits else { return nil }
        self.count = count
    }

    /// `24`, `/24` or `255.255.255.0`.
    init?(parsing text: Bytes) {
        let digits = text.first == UInt8(ascii: "/") ? text.dropFirst() : text[...]
        if let count = decimal(digits, atMost: 32) {
            self.count = count
        } else if let mask = IPv4Address(parsing: text), let prefix = IPv4PrefixLength(mask: mask) {
            self = prefix
        } else {
            return nil
        }
    }

    /// What an address had before masks were sent along (RFC 791 classes): for a DHCP server
    /// that names none.
    init(classOf address: IPv4Address) {
        switch address.bits >> 30 {
        case 0, 1: count = 8
        case 2: count = 16
        default: count = 24
        }
    }

    var mask: IPv4Address { IPv4Address(bits: IPv4PrefixLength.mask(count)) }

    /// The network's last address; the address itself where there is no room for one (/31, /32).
    func broadcast(of address: IPv4Address) -> IPv4Address {
        count >= 31 ? address : IPv4Address(bits: address.bits | ~mask.bits)
    }

    func contains(_ address: IPv4Address, networkOf other: IPv4Address) -> Bool {
        (address.bits ^ other.bits) & mask.bits == 0
    }

    private static func mask(_ count: Int) -> UInt32 {
        count == 0 ? 0 : ~UInt32(0) << UInt32(32 - count)
    }
}

/// One to three digits, no sign, no leading zero.
private func decimal(_ digits: some Collection<UInt8>, atMost limit: Int) -> Int? {
    guard (1...3).contains(digits.count) else { return nil }
    if digits.count > 1, digits.first == UInt8(ascii: "0") { return nil }
    var value = 0
    for digit in digits {
        guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
        value = value * 10 + Int(digit - UInt8(ascii: "0"))
    }
    return value <= limit ? value : nil
}
