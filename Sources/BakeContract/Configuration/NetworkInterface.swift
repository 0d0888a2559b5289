/// One entry of `net`: addresses of one family for one interface.
public struct NetworkInterface: Equatable, Sendable {
    /// `if`: which interface is meant.
    public enum Selector: Equatable, Sendable {
        /// The first Ethernet interface that no entry names; for the second entry of the same
        /// `type` that says no more, the second.
        case unnamed
        /// Its name in the kernel. `position` is there for the names of rumprun's drivers: where no
        /// interface has that name, `vioif1` is the Ethernet interface at position 1.
        case name(Bytes, position: Int?)
        /// Six bytes.
        case hardwareAddress(Bytes)
    }

    public enum Method: Equatable, Sendable {
        case dhcp
        case fixed(address: IPv4Address, prefix: IPv4PrefixLength, gateway: IPv4Address?)
        case fixedVersion6(address: IPv6Address, prefix: IPv6PrefixLength, gateway: IPv6Address?)
        /// From router advertisements (RFC 4862).
        case automaticVersion6
    }

    public var selector: Selector
    public var method: Method
    public var mtu: Int?
    /// Go before those the network names.
    public var nameServers: [IPAddress]
    /// `search`: goes before what the network says.
    public var searchDomains: [Bytes]
    /// The boot neither waits for it nor ends with it.
    public var isOptional: Bool

    public init(
        _ selector: Selector = .unnamed, method: Method, mtu: Int? = nil,
        nameServers: [IPAddress] = [], searchDomains: [Bytes] = [], isOptional: Bool = false
    ) {
        self.selector = selector
        self.method = method
        self.mtu = mtu
        self.nameServers = nameServers
        self.searchDomains = searchDomains
        self.isOptional = isOptional
    }

    public var isVersion6: Bool {
        switch method {
        case .dhcp, .fixed: false
        case .fixedVersion6, .automaticVersion6: true
        }
    }
}

extension NetworkInterface.Selector {
    /// Six bytes in lower case with colons between them.
    public static func hardwareAddressText(_ address: Bytes) -> Bytes {
        var text: Bytes = []
        for byte in address {
            if !text.isEmpty { text.append(ASCII.colon) }
            text += [hexDigit(byte >> 4), hexDigit(byte & 15)]
        }
        return text
    }

    /// As messages and plans name it; nil for `unnamed`.
    public var text: Bytes? {
        switch self {
        case .unnamed: nil
        case .name(let name, _): Bytes(name.printable)
        case .hardwareAddress(let address): Self.hardwareAddressText(address)
        }
    }
}

extension NetworkInterface {
    /// For the plan: `configure eth0 by DHCP; eth1 as 10.0.0.2/24`.
    static func planText(of interfaces: [NetworkInterface]) -> Bytes {
        var text = Bytes("configure ")
        for (index, interface) in interfaces.enumerated() {
            if index > 0 { text += Bytes("; ") }
            let isLater = interfaces[..<index].contains {
                $0.selector == .unnamed && $0.isVersion6 == interface.isVersion6
            }
            let unnamed = Bytes("the \(isLater ? "next" : "first") Ethernet interface")
            text += (interface.selector.text ?? unnamed) + interface.settingsText
        }
        return text
    }

    private var settingsText: Bytes {
        var text = methodText
        for server in nameServers { text += Bytes(", name server ") + server.text }
        for domain in searchDomains { text += Bytes(", search domain ") + domain }
        if let mtu { text += Bytes(", MTU \(mtu)") }
        return isOptional ? text + Bytes(" (optional)") : text
    }

    private var methodText: Bytes {
        switch method {
        case .dhcp: return Bytes(" by DHCP")
        case .fixed(let address, let prefix, let gateway):
            let text = Bytes(" as ") + address.text + Bytes("/\(prefix.count)")
            return gateway.map { text + Bytes(", gateway ") + $0.text } ?? text
        case .fixedVersion6(let address, let prefix, let gateway):
            let text = Bytes(" as ") + address.text + Bytes("/\(prefix.count)")
            return gateway.map { text + Bytes(", gateway ") + $0.text } ?? text
        case .automaticVersion6: return Bytes(" by router advertisements")
        }
    }
}
