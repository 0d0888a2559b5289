/// One port of this machine that leads to a port of the guest, through QEMU's user network.
public struct PortForward: Equatable, Sendable {
    public enum Transport: String, Sendable {
        case tcp, udp
    }

    public var transport: Transport
    /// IPv4 address of this machine to listen on, dotted. QEMU's user network forwards no IPv6.
    public var hostAddress: String
    public var hostPort: UInt16
    public var guestPort: UInt16

    /// Nobody else on the network reaches the guest unless asked for (`0.0.0.0:8080:80`).
    public static let defaultHostAddress = "127.0.0.1"

    public init(
        transport: Transport = .tcp, hostAddress: String = defaultHostAddress, hostPort: UInt16,
        guestPort: UInt16
    ) {
        self.transport = transport
        self.hostAddress = hostAddress
        self.hostPort = hostPort
        self.guestPort = guestPort
    }

    /// Reads `[tcp:|udp:][ADDRESS:]HOST:GUEST`.
    public init(parsing text: String) throws(LaunchError) {
        var fields = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        var transport = Transport.tcp
        if let named = fields.first.flatMap(Transport.init(rawValue:)) {
            transport = named
            fields.removeFirst()
        }
        var address = Self.defaultHostAddress
        if fields.count == 3 {
            address = fields.removeFirst()
        }
        guard fields.count == 2, Self.isIPv4(address),
            let hostPort = Self.port(fields[0]), let guestPort = Self.port(fields[1])
        else { throw .badPortForward(text) }
        self.init(
            transport: transport, hostAddress: address, hostPort: hostPort, guestPort: guestPort)
    }

    private static func port(_ text: String) -> UInt16? {
        guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = UInt16(text),
            port != 0
        else { return nil }
        return port
    }

    private static func isIPv4(_ text: String) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4
            && parts.allSatisfy { part in
                part.utf8.allSatisfy { (0x30...0x39).contains($0) } && UInt8(part) != nil
            }
    }
}

extension PortForward: CustomStringConvertible {
    public var description: String {
        "\(transport.rawValue):\(hostAddress):\(hostPort):\(guestPort)"
    }
}
