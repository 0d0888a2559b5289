extension Configuration {
    /// One entry of `net`. `type` is `inet` where it is missing; `if` may be missing for the first
    /// Ethernet interface.
    static func decodeInterface(
        _ node: JSONNode, _ unknown: inout [ConfigurationFault]
    ) throws(ConfigurationFault) -> NetworkInterface {
        try node.checkKeys(
            ["if", "type", "method", "addr", "mask", "gw", "dns", "mtu"], "an object", &unknown)
        let isVersion4 = try node["type"]?.choice("inet", "inet6", "\"inet\" or \"inet6\"") ?? true
        let method = try node.required("method")
        var interface = NetworkInterface(
            name: try node["if"].map { (name) throws(ConfigurationFault) in
                try decodeInterfaceName(name)
            },
            method: isVersion4
                ? try decodeMethod(node, method) : try checkVersion6(node, method))
        if let mtu = node["mtu"] {
            interface.mtu = Int(try mtu.integer(68...65_535, "a number from 68 to 65535"))
        }
        if isVersion4, let servers = node["dns"] {
            interface.nameServers = try decodeNameServers(servers)
        }
        return interface
    }

    private static func decodeMethod(
        _ node: JSONNode, _ method: JSONNode
    ) throws(ConfigurationFault) -> NetworkInterface.Method {
        let isFixed = try method.choice("static", "dhcp", "\"dhcp\" or \"static\"")
        if isFixed { return try decodeFixedAddress(node) }
        for key: StaticString in ["addr", "mask", "gw"] {
            if let given = node[key] {
                throw ConfigurationFault(
                    path: given.path,
                    problem: .meaningless(given.path, beside: "\"method\": \"dhcp\""))
            }
        }
        return .dhcp
    }

    /// `addr` with `mask`, or as `ADDRESS/LENGTH`.
    private static func decodeFixedAddress(
        _ node: JSONNode
    ) throws(ConfigurationFault) -> NetworkInterface.Method {
        let node4: StaticString =
            "an IPv4 address of a host, such as \"10.0.0.2\" or \"10.0.0.2/24\""
        let addressNode = try node.required("addr")
        let text = try addressNode.string(node4)
        let parts = text.split(separator: ASCII.slash, omittingEmptySubsequences: false)
        guard parts.count <= 2, let address = IPv4Address(parsing: parts[0]), address.isUnicast
        else { throw addressNode.fault(node4) }

        var prefix: IPv4PrefixLength?
        if parts.count == 2 {
            guard let length = IPv4PrefixLength(parsing: Bytes(parts[1])) else {
                throw addressNode.fault(node4)
            }
            prefix = length
        }
        if let maskNode = node["mask"] {
            let length = try decodeMask(maskNode)
            if let prefix, prefix != length {
                throw maskNode.fault("the same as behind the '/' of 'addr'")
            }
            prefix = length
        }
        guard let prefix else {
            throw ConfigurationFault(
                path: node.path, problem: .missingKey(in: node.path, key: "mask"))
        }
        let gateway = try node["gw"].map { (node) throws(ConfigurationFault) in
            try decodeAddress(node)
        }
        return .fixed(address: address, prefix: prefix, gateway: gateway)
    }

    private static func decodeMask(
        _ node: JSONNode
    ) throws(ConfigurationFault) -> IPv4PrefixLength {
        let mustBe: StaticString = "a network mask such as \"24\" or \"255.255.255.0\""
        let text: Bytes
        if case .number(let digits) = node.value {
            text = digits
        } else {
            text = try node.string(mustBe)
        }
        guard let length = IPv4PrefixLength(parsing: text) else { throw node.fault(mustBe) }
        return length
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

    /// A name server may be the machine itself.
    private static func decodeNameServers(
        _ node: JSONNode
    ) throws(ConfigurationFault) -> [IPv4Address] {
        let mustBe: StaticString = "an IPv4 address or a list of those"
        let nodes = node.value.string == nil ? try node.elements(mustBe) : [node]
        var servers: [IPv4Address] = []
        for server in nodes {
            guard let address = IPv4Address(parsing: try server.string(mustBe)) else {
                throw server.fault("an IPv4 address")
            }
            servers.append(address)
        }
        return servers
    }

    /// IPv6 is looked at for its shape only; `unsupported` refuses it.
    private static func checkVersion6(
        _ node: JSONNode, _ method: JSONNode
    ) throws(ConfigurationFault) -> NetworkInterface.Method {
        if try method.choice("static", "auto", "\"auto\" or \"static\"") {
            _ = try node.required("addr").string()
        }
        return .version6
    }

    /// IFNAMSIZ is 16 with its NUL; dev_valid_name() in the kernel has the rest.
    private static func decodeInterfaceName(
        _ node: JSONNode
    ) throws(ConfigurationFault) -> Bytes {
        let mustBe: StaticString = "the name of an interface, at most 15 bytes"
        let name = try node.string(mustBe)
        guard !name.isEmpty, name.count <= 15, !name.equals("."), !name.equals("..") else {
            throw node.fault(mustBe)
        }
        for byte in name where byte <= 0x20 || byte == ASCII.slash || byte == ASCII.colon {
            throw node.fault(mustBe)
        }
        return name
    }
}
