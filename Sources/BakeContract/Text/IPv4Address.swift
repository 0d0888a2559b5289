/// An IPv4 address. `bits` is in host order: 10.0.2.15 is 0x0a00020f.
public struct IPv4Address: Equatable, Sendable {
    public var bits: UInt32

    public init(bits: UInt32) { self.bits = bits }

    public static let any = IPv4Address(bits: 0)
    public static let broadcast = IPv4Address(bits: 0xffff_ffff)

    /// Four decimal numbers from 0 to 255 with dots between them and nothing else: no octal,
    /// no hexadecimal, no short forms, which inet_aton(3) reads and people do not expect.
    public init?(parsing text: some Collection<UInt8>) {
        var bits: UInt32 = 0
        var numberCount = 0
        for number in text.split(separator: ASCII.dot, omittingEmptySubsequences: false) {
            guard numberCount < 4, let value = decimal(number, atMost: 255) else { return nil }
            bits = bits << 8 | UInt32(value)
            numberCount += 1
        }
        guard numberCount == 4 else { return nil }
        self.bits = bits
    }

    /// Dotted decimal.
    public var description: String {
        "\(bits >> 24).\(bits >> 16 & 255).\(bits >> 8 & 255).\(bits & 255)"
    }

    /// Dotted decimal, as ASCII.
    public var text: Bytes { Bytes(description) }

    /// An address one machine can have: not 0.0.0.0/8, not loopback, not multicast or above.
    public var isUnicast: Bool {
        let first = bits >> 24
        return first != 0 && first != 127 && first < 224
    }
}

/// How many leading bits of an address name its network, 0 to 32.
public struct IPv4PrefixLength: Equatable, Sendable {
    public let count: Int

    public init?(count: Int) {
        guard count >= 0, count <= 32 else { return nil }
        self.count = count
    }

    /// The ones of a mask must stand together: 255.0.255.0 is refused.
    public init?(mask: IPv4Address) {
        let count = (~mask.bits).leadingZeroBitCount
        guard IPv4PrefixLength.mask(count) == mask.bits else { return nil }
        self.count = count
    }

    /// `24`, `/24` or `255.255.255.0`.
    public init?(parsing text: Bytes) {
        let digits = text.first == ASCII.slash ? text.dropFirst() : text[...]
        if let count = decimal(digits, atMost: 32) {
            self.count = count
        } else if let mask = IPv4Address(parsing: text), let prefix = IPv4PrefixLength(mask: mask) {
            self = prefix
        } else {
            return nil
        }
    }

    public var mask: IPv4Address { IPv4Address(bits: IPv4PrefixLength.mask(count)) }

    private static func mask(_ count: Int) -> UInt32 {
        count == 0 ? 0 : ~UInt32(0) << UInt32(32 - count)
    }
}

extension IPv4PrefixLength {
    public func contains(_ address: IPv4Address, networkOf other: IPv4Address) -> Bool {
        (address.bits ^ other.bits) & mask.bits == 0
    }
}

/// One to three digits, no sign, no leading zero.
func decimal(_ digits: some Collection<UInt8>, atMost limit: Int) -> Int? {
    guard digits.count >= 1, digits.count <= 3 else { return nil }
    if digits.count > 1, digits.first == ASCII.zero { return nil }
    var value = 0
    for digit in digits {
        guard ASCII.isDigit(digit) else { return nil }
        value = value * 10 + Int(digit &- ASCII.zero)
    }
    return value <= limit ? value : nil
}
