extension Configuration {
    /// `net`. Rules across its entries come last, so that a message is about one entry where it can.
    static func decodeInterfaces(
        _ node: JSONNode, _ unknown: inout [ConfigurationFault]
    ) throws(ConfigurationFault) -> [NetworkInterface] {
        let nodes = try node.elements("a list of objects")
        var interfaces: [NetworkInterface] = []
        for entry in nodes { interfaces.append(try decodeInterface(entry, &unknown)) }
        for index in interfaces.indices {
            try refuseRepetition(of: interfaces[index], nodes[index], in: interfaces[..<index])
        }
        return interfaces
    }

    /// One entry of `net`. `type` is `inet` where it is missing.
    private static func decodeInterface(
        _ node: JSONNode, _ unknown: inout [ConfigurationFault]
    ) throws(ConfigurationFault) -> NetworkInterface {
        try node.checkKeys(
            [
                "if", "type", "method", "addr", "mask", "gw", "dns", "search", "mtu", "optional",
                "cloner",
            ], "an object", &unknown)
        let isVersion4 = try node["type"]?.choice("inet", "inet6", "\"inet\" or \"inet6\"") ?? true
        let method = try node.required("method")
        var interface = NetworkInterface(
            try node["if"].map { (name) throws(ConfigurationFault) in
                try decodeSelector(name)
            } ?? .unnamed,
            method: isVersion4
                ? try decodeMethod(node, method) : try decodeVersion6Method(node, method))
        if let mtu = node["mtu"] { interface.mtu = try decodeMTU(mtu, isVersion4: isVersion4) }
        if let servers = node["dns"] { interface.nameServers = try decodeNameServers(servers) }
        if let domains = node["search"] {
            interface.searchDomains = try decodeSearchDomains(domains)
        }
        if let optional = node["optional"] { interface.isOptional = try decodeSwitch(optional) }
        // rumprun makes the interface where it is set; here they are all there.
        if let cloner = node["cloner"] { _ = try decodeSwitch(cloner) }
        return interface
    }

    private static func decodeMethod(
        _ node: JSONNode, _ method: JSONNode
    ) throws(ConfigurationFault) -> NetworkInterface.Method {
        let isFixed = try method.choice("static", "dhcp", "\"dhcp\" or \"static\"")
        if isFixed { return try decodeFixedAddress(node) }
        try refuseAddresses(in: node, beside: "\"method\": \"dhcp\"")
        return .dhcp
    }

    private static func decodeVersion6Method(
        _ node: JSONNode, _ method: JSONNode
    ) throws(ConfigurationFault) -> NetworkInterface.Method {
        let isFixed = try method.choice("static", "auto", "\"auto\" or \"static\"")
        if isFixed { return try decodeFixedVersion6Address(node) }
        try refuseAddresses(in: node, beside: "\"method\": \"auto\"")
        return .automaticVersion6
    }

    private static func refuseAddresses(
        in node: JSONNode, beside method: StaticString
    ) throws(ConfigurationFault) {
        for key: StaticString in ["addr", "mask", "gw"] {
            guard let given = node[key] else { continue }
            throw ConfigurationFault(
                path: given.path, problem: .meaningless(given.path, beside: method))
        }
    }

    /// RFC 8200 section 5: no link that carries IPv6 has less than 1280 bytes.
    private static func decodeMTU(
        _ node: JSONNode, isVersion4: Bool
    ) throws(ConfigurationFault) -> Int {
        let number =
            isVersion4
            ? try node.integer(68...65_535, "a number from 68 to 65535")
            : try node.integer(1280...65_535, "a number from 1280 to 65535, for IPv6")
        return Int(number)
    }

    /// `true`, `false`, or those as strings, as rumprun has them.
    private static func decodeSwitch(_ node: JSONNode) throws(ConfigurationFault) -> Bool {
        if case .bool(let value) = node.value { return value }
        return try node.choice("true", "false", "true or false")
    }

    /// A name server may be the machine itself, or known on the interface's link only.
    private static func decodeNameServers(
        _ node: JSONNode
    ) throws(ConfigurationFault) -> [IPAddress] {
        var servers: [IPAddress] = []
        for server in try oneOrMore(node, "an IP address or a list of those") {
            guard let address = IPAddress(parsing: try server.string("an IP address")) else {
                throw server.fault("an IP address")
            }
            servers.append(address)
        }
        return servers
    }

    private static func decodeSearchDomains(
        _ node: JSONNode
    ) throws(ConfigurationFault) -> [Bytes] {
        let mustBe: StaticString = "a domain such as \"example.net\""
        var domains: [Bytes] = []
        for entry in try oneOrMore(node, "a domain or a list of those") {
            let domain = try entry.string(mustBe)
            guard isDomainName(domain) else { throw entry.fault(mustBe) }
            domains.append(domain)
        }
        return domains
    }

    private static func oneOrMore(
        _ node: JSONNode, _ mustBe: StaticString
    ) throws(ConfigurationFault) -> [JSONNode] {
        node.value.string == nil ? try node.list(mustBe) : [node]
    }

    /// Two leases for one interface would be one and the same.
    private static func refuseRepetition(
        of interface: NetworkInterface, _ node: JSONNode, in earlier: ArraySlice<NetworkInterface>
    ) throws(ConfigurationFault) {
        guard let name = interface.selector.text else { return }
        let isGivenTwice = earlier.contains {
            guard $0.selector == interface.selector else { return false }
            return switch interface.method {
            case .dhcp, .automaticVersion6: $0.method == interface.method
            case .fixed(let address, _, _): $0.fixedAddress == .v4(address)
            case .fixedVersion6(let address, _, _): $0.fixedAddress == .v6(address)
            }
        }
        if isGivenTwice {
            throw node.fault(why: "an entry before says the same of \(name.text)")
        }
    }
}

extension NetworkInterface {
    fileprivate var fixedAddress: IPAddress? {
        switch method {
        case .fixed(let address, _, _): .v4(address)
        case .fixedVersion6(let address, _, _): .v6(address)
        case .dhcp, .automaticVersion6: nil
        }
    }
}

/// Letters, digits, `.`, `-` and `_` only, at most 253 bytes: what may stand in resolv.conf(5).
public func isDomainName(_ name: Bytes) -> Bool {
    guard !name.isEmpty, name.count <= 253 else { return false }
    return name.allSatisfy {
        isLetterOrDigit($0) || $0 == ASCII.dot || $0 == ASCII.minus || $0 == ASCII.underscore
    }
}
