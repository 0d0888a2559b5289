// What `net` says of interfaces and addresses, each a text.

extension Configuration {
    /// `eth0`, `vioif0`, or a hardware address such as `52:54:00:12:34:56`.
    static func decodeSelector(
        _ node: JSONNode
    ) throws(ConfigurationFault) -> NetworkInterface.Selector {
        let mustBe: StaticString =
            "an interface's name (at most 15 bytes) or MAC address (\"52:54:00:12:34:56\")"
        let name = try node.string(mustBe)
        if let address = hardwareAddress(name) { return .hardwareAddress(address) }
        // IFNAMSIZ is 16 with its NUL; dev_valid_name() in the kernel has the rest.
        guard !name.isEmpty, name.count <= 15, !name.equals("."), !name.equals("..") else {
            throw node.fault(mustBe)
        }
        for byte in name where byte <= 0x20 || byte == ASCII.slash || byte == ASCII.colon {
            throw node.fault(mustBe)
        }
        return .name(name, position: driverPosition(name))
    }

    /// Six pairs of hexadecimal digits with colons between them.
    private static func hardwareAddress(_ text: Bytes) -> Bytes? {
        var address: Bytes = []
        for pair in text.split(separator: ASCII.colon, omittingEmptySubsequences: false) {
            guard pair.count == 2, let high = hexValue(pair[pair.startIndex]),
                let low = hexValue(pair[pair.startIndex + 1])
            else { return nil }
            address.append(high << 4 | low)
        }
        return address.count == 6 ? address : nil
    }

    /// `vioif0` and `xenif0` are what rumprun's drivers call the first interface.
    private static func driverPosition(_ name: Bytes) -> Int? {
        for driver: StaticString in ["vioif", "xenif"] where name.starts(with: driver) {
            return decimal(name.dropFirst(driver.utf8CodeUnitCount), atMost: 255)
        }
        return nil
    }

    /// `addr` with `mask`, or as `ADDRESS/LENGTH`.
    static func decodeFixedAddress(
        _ node: JSONNode
    ) throws(ConfigurationFault) -> NetworkInterface.Method {
        let mustBe: StaticString =
            "an IPv4 address of a host, such as \"10.0.0.2\" or \"10.0.0.2/24\""
        let addressNode = try node.required("addr")
        let (text, length) = split(try addressNode.string(mustBe))
        guard let address = IPv4Address(parsing: text), address.isUnicast else {
            throw addressNode.fault(mustBe)
        }
        let prefix = try decodePrefix(
            node, length, mustBe, "a network mask such as \"24\" or \"255.255.255.0\"",
            IPv4PrefixLength.init(parsing:))
        guard let gatewayNode = node["gw"] else {
            return .fixed(address: address, prefix: prefix, gateway: nil)
        }
        let gateway = try decodeAddress(gatewayNode)
        // With a /32 nothing is in the network: the gateway is then looked for on the link.
        guard prefix.count == 32 || prefix.contains(gateway, networkOf: address) else {
            throw gatewayNode.fault(
                why: "\(gateway.description) is not in the network of"
                    + " \(address.description)/\(prefix.count)")
        }
        return .fixed(address: address, prefix: prefix, gateway: gateway)
    }

    static func decodeFixedVersion6Address(
        _ node: JSONNode
    ) throws(ConfigurationFault) -> NetworkInterface.Method {
        let mustBe: StaticString =
            "an IPv6 address of a host, such as \"2001:db8::2\" or \"2001:db8::2/64\""
        let addressNode = try node.required("addr")
        let (text, length) = split(try addressNode.string(mustBe))
        guard let address = IPv6Address(parsing: text), address.isHost else {
            throw addressNode.fault(mustBe)
        }
        let prefix = try decodePrefix(
            node, length, mustBe, "a prefix length such as \"64\"",
            IPv6PrefixLength.init(parsing:))
        guard let gatewayNode = node["gw"] else {
            return .fixedVersion6(address: address, prefix: prefix, gateway: nil)
        }
        let gateway = try decodeVersion6Gateway(gatewayNode)
        guard prefix.count == 128 || gateway.isLinkLocal || address.shares(prefix, with: gateway)
        else {
            throw gatewayNode.fault(
                why: "\(gateway.description) is neither link-local nor in the network of"
                    + " \(address.description)/\(prefix.count)")
        }
        return .fixedVersion6(address: address, prefix: prefix, gateway: gateway)
    }

    /// `ADDRESS/LENGTH`; what follows a second slash makes the length none.
    private static func split(_ text: Bytes) -> (address: Bytes, length: Bytes?) {
        guard let slash = text.firstIndex(of: ASCII.slash) else { return (text, nil) }
        return (Bytes(text[..<slash]), Bytes(text[(slash + 1)...]))
    }

    /// The length behind the address's `/`, or `mask`, or both where they agree.
    private static func decodePrefix<Prefix: Equatable>(
        _ node: JSONNode, _ length: Bytes?, _ addressMustBe: StaticString,
        _ maskMustBe: StaticString, _ parse: (Bytes) -> Prefix?
    ) throws(ConfigurationFault) -> Prefix {
        var prefix: Prefix?
        if let length {
            guard length.first != ASCII.slash, let parsed = parse(length) else {
                throw try node.required("addr").fault(addressMustBe)
            }
            prefix = parsed
        }
        if let maskNode = node["mask"] {
            guard let parsed = parse(try digits(of: maskNode, maskMustBe)) else {
                throw maskNode.fault(maskMustBe)
            }
            if let prefix, prefix != parsed {
                throw maskNode.fault("the same as behind the '/' of 'addr'")
            }
            prefix = parsed
        }
        guard let prefix else {
            throw ConfigurationFault(
                path: node.path, problem: .missingKey(in: node.path, key: "mask"))
        }
        return prefix
    }

    private static func digits(
        of node: JSONNode, _ mustBe: StaticString
    ) throws(ConfigurationFault) -> Bytes {
        if case .number(let digits) = node.value { return digits }
        return try node.string(mustBe)
    }

    private static func decodeAddress(
        _ node: JSONNode
    ) throws(ConfigurationFault) -> IPv4Address {
        let mustBe: StaticString = "an IPv4 address of a host, such as \"10.0.0.1\""
        guard let address = IPv4Address(parsing: try node.string(mustBe)), address.isUnicast else {
            throw node.fault(mustBe)
        }
        return address
    }

    private static func decodeVersion6Gateway(
        _ node: JSONNode
    ) throws(ConfigurationFault) -> IPv6Address {
        let mustBe: StaticString =
            "an IPv6 address of a host, such as \"2001:db8::1\" or \"fe80::1\""
        guard let address = IPv6Address(parsing: try node.string(mustBe)),
            address.isHost || address.isLinkLocal
        else { throw node.fault(mustBe) }
        return address
    }
}
