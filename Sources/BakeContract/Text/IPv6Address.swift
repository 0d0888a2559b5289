/// An IPv6 address. `high` holds the first 64 bits, in host order: of 2001:db8::1 it is
/// 0x20010db800000000, and `low` is 1.
public struct IPv6Address: Equatable, Sendable {
    public var high: UInt64
    public var low: UInt64

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    public static let any = IPv6Address(high: 0, low: 0)

    /// 16 bytes in network order; nil for any other number of them.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 16 else { return nil }
        self.init(
            high: bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) },
            low: bytes.dropFirst(8).reduce(0) { $0 << 8 | UInt64($1) })
    }

    /// 16 bytes in network order.
    public var bytes: Bytes {
        [high, low].flatMap { half in
            stride(from: 56, through: 0, by: -8).map { UInt8(half >> UInt64($0) & 255) }
        }
    }

    /// The forms of RFC 4291 section 2.2: eight groups, one `::` for any number of zero groups,
    /// the last two groups as an IPv4 address. No zone (`%eth0`) and no brackets.
    public init?(parsing text: some Collection<UInt8>) {
        var groups: [UInt16] = []
        var gapIndex: Int?
        var rest = Bytes(text)[...]
        if rest.starts(with: [ASCII.colon, ASCII.colon]) {
            gapIndex = 0
            rest = rest.dropFirst(2)
        }
        while !rest.isEmpty {
            let part = rest.prefix { $0 != ASCII.colon }
            rest = rest.dropFirst(part.count)
            if let address = IPv4Address(parsing: part), rest.isEmpty {
                groups += [UInt16(address.bits >> 16), UInt16(address.bits & 0xffff)]
            } else if let group = Self.group(part) {
                groups.append(group)
            } else {
                return nil
            }
            guard groups.count <= 8 else { return nil }
            guard let colon = rest.popFirst(), colon == ASCII.colon else { continue }
            if rest.first == ASCII.colon {
                guard gapIndex == nil else { return nil }
                gapIndex = groups.count
                rest = rest.dropFirst()
            } else if rest.isEmpty {
                return nil  // a single colon at the end
            }
        }
        if let gapIndex {
            guard groups.count < 8 else { return nil }
            let zeros = [UInt16](repeating: 0, count: 8 - groups.count)
            groups.insert(contentsOf: zeros, at: gapIndex)
        }
        guard groups.count == 8 else { return nil }
        self.init(
            high: groups[..<4].reduce(0) { $0 << 16 | UInt64($1) },
            low: groups[4...].reduce(0) { $0 << 16 | UInt64($1) })
    }

    /// One to four hexadecimal digits.
    private static func group(_ digits: some Collection<UInt8>) -> UInt16? {
        guard digits.count >= 1, digits.count <= 4 else { return nil }
        var value: UInt16 = 0
        for digit in digits {
            guard let number = hexValue(digit) else { return nil }
            value = value << 4 | UInt16(number)
        }
        return value
    }

    private var groups: [UInt16] {
        [high, low].flatMap { half in
            stride(from: 48, through: 0, by: -16).map { UInt16(half >> UInt64($0) & 0xffff) }
        }
    }

    /// As RFC 5952 has it: lower case, no leading zeros, the longest run of at least two zero
    /// groups (the first of equals) as `::`.
    public var description: String {
        let groups = groups
        let gap = Self.longestZeroRun(groups)
        var text = ""
        var index = 0
        while index < 8 {
            if let gap, index == gap.lowerBound {
                text += "::"
                index = gap.upperBound
                continue
            }
            if index > 0, index != gap?.upperBound { text += ":" }
            text += String(groups[index], radix: 16)
            index += 1
        }
        return text
    }

    private static func longestZeroRun(_ groups: [UInt16]) -> Range<Int>? {
        var best: Range<Int>?
        var start = 0
        for index in 0...8 where index == 8 || groups[index] != 0 {
            if index - start >= 2, index - start > best?.count ?? 0 { best = start..<index }
            start = index + 1
        }
        return best
    }

    /// `description`, as ASCII.
    public var text: Bytes { Bytes(description) }

    /// fe80::/10: means something on one link only.
    public var isLinkLocal: Bool { high >> 54 == 0xfe80 >> 6 }

    /// ff00::/8.
    public var isMulticast: Bool { high >> 56 == 0xff }

    /// An address one machine can have beyond its own link: neither `::` nor `::1` nor IPv4 in
    /// disguise (::ffff:0:0/96) nor link-local nor multicast.
    public var isHost: Bool {
        !(high == 0 && (low <= 1 || low >> 32 == 0xffff)) && !isLinkLocal && !isMulticast
    }

    /// Whether the first bits of both are the same.
    public func shares(_ prefix: IPv6PrefixLength, with other: IPv6Address) -> Bool {
        let mask = prefix.mask
        return (high ^ other.high) & mask.high == 0 && (low ^ other.low) & mask.low == 0
    }
}

/// How many leading bits of an address name its network, 0 to 128.
public struct IPv6PrefixLength: Equatable, Sendable {
    public let count: Int

    public init?(count: Int) {
        guard count >= 0, count <= 128 else { return nil }
        self.count = count
    }

    /// `64` or `/64`.
    public init?(parsing text: Bytes) {
        let digits = text.first == ASCII.slash ? text.dropFirst() : text[...]
        guard let count = decimal(digits, atMost: 128) else { return nil }
        self.count = count
    }

    public var mask: IPv6Address {
        IPv6Address(high: Self.ones(min(count, 64)), low: Self.ones(max(count - 64, 0)))
    }

    private static func ones(_ count: Int) -> UInt64 {
        count == 0 ? 0 : ~UInt64(0) << UInt64(64 - count)
    }
}

/// An address of either family.
public enum IPAddress: Equatable, Sendable {
    case v4(IPv4Address)
    case v6(IPv6Address)

    public init?(parsing text: some Collection<UInt8>) {
        if let address = IPv4Address(parsing: text) {
            self = .v4(address)
        } else if let address = IPv6Address(parsing: text) {
            self = .v6(address)
        } else {
            return nil
        }
    }

    public var description: String {
        switch self {
        case .v4(let address): address.description
        case .v6(let address): address.description
        }
    }

    public var text: Bytes { Bytes(description) }
}
