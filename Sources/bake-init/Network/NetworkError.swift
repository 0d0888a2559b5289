// Everything that can go wrong while the network is brought up.

import BakeContract
import CGuest

enum NetworkError: Error, Equatable, Sendable {
    /// `name` nil: any Ethernet interface that no other entry means would have done. `present` are
    /// those there are, as messages name them, without the loopback.
    case noInterface(name: Bytes?, present: [Bytes], waitedSeconds: Int)
    /// Two entries that turn out to mean one interface both want a lease for it, or router
    /// advertisements.
    case configuredTwice(interface: Bytes)
    case noDHCPAnswer(interface: Bytes, waitedSeconds: Int)
    /// A server answered, but never got as far as giving an address.
    case refusedByDHCPServer(interface: Bytes, server: IPv4Address?, waitedSeconds: Int)
    case noRouterAnswer(interface: Bytes, waitedSeconds: Int)
    /// A router answered, but gave no prefix to make an address of.
    case noAddressFromRouter(interface: Bytes, waitedSeconds: Int)
    /// An address is there, but no router offers itself for the way out.
    case noRouteFromRouter(interface: Bytes, waitedSeconds: Int)
    /// `owner` is a hardware address, where it is known.
    case addressInUse(IPAddress, interface: Bytes, owner: Bytes?)
    /// Duplicate address detection did not end.
    case addressUntested(IPAddress, interface: Bytes, waitedSeconds: Int)
    case gatewayUnreachable(IPAddress, interface: Bytes)
    /// The limits are the driver's, where it says them.
    case mtuOutOfRange(Int, interface: Bytes, shortest: UInt32?, longest: UInt32?)
    /// The kernel has no IPv6, or it is off.
    case noVersion6(interface: Bytes)
    case notEthernet(interface: Bytes)
    case failed(NetworkOperation, interface: Bytes, errno: Errno)

    var description: String {
        switch self {
        case .noInterface(let name, let present, let seconds):
            Self.noInterfaceText(name, present, seconds)
        case .configuredTwice(let interface):
            "two entries of 'net' mean \(interface.shown) and say the same"
        case .noDHCPAnswer(let interface, let seconds):
            "no DHCP server answered on \(interface.shown) within \(seconds) s"
        case .refusedByDHCPServer(let interface, let server, let seconds):
            "the DHCP server \(server.map { $0.description + " " } ?? "")gave no address to"
                + " \(interface.shown) within \(seconds) s"
        case .noRouterAnswer(let interface, let seconds):
            "no router advertised itself on \(interface.shown) within \(seconds) s"
        case .noAddressFromRouter(let interface, let seconds):
            "no router gave \(interface.shown) a prefix for an address within \(seconds) s"
                + " (DHCPv6 is not asked)"
        case .noRouteFromRouter(let interface, let seconds):
            "no router offered \(interface.shown) a default route within \(seconds) s"
        case .addressInUse(let address, let interface, let owner):
            "the address \(address.description) of \(interface.shown) is in use by"
                + " \(owner.map { $0.shown } ?? "another machine")"
        case .addressUntested(let address, let interface, let seconds):
            "cannot tell whether the address \(address.description) of \(interface.shown) is free"
                + " (waited \(seconds) s): the link has no carrier"
        case .gatewayUnreachable(let gateway, let interface):
            "the gateway \(gateway.description) cannot be reached through any address of"
                + " \(interface.shown)"
        case .mtuOutOfRange(let mtu, let interface, let shortest, let longest):
            "cannot set the MTU of \(interface.shown) to \(mtu)"
                + Self.rangeText(shortest, longest)
        case .noVersion6(let interface):
            "cannot give an IPv6 address to \(interface.shown): the kernel has no IPv6"
        case .notEthernet(let interface):
            "\(interface.shown) is not an Ethernet interface, DHCP needs one"
        case .failed(let operation, let interface, let errno):
            "cannot \(operation.description) on \(interface.shown):"
                + " \(errno.text)"
        }
    }

    private static func noInterfaceText(_ name: Bytes?, _ present: [Bytes], _ seconds: Int)
        -> String
    {
        var text = "there is no \(present.isEmpty ? "" : "other ")Ethernet interface"
        if let name { text = "there is no network interface '\(name.shown)'" }
        text += " (waited \(seconds) s)"
        if present.isEmpty { return text + ", none besides the loopback" }
        text += ", there "
        text += present.count == 1 ? "is " : "are "
        for (index, interface) in present.enumerated() {
            text += (index == 0 ? "" : ", ") + interface.shown
        }
        return text
    }

    private static func rangeText(_ shortest: UInt32?, _ longest: UInt32?) -> String {
        guard let shortest, let longest, longest > 0 else { return ": its driver refuses that" }
        return ": its driver takes \(shortest) to \(longest)"
    }
}

/// The system calls of this folder, by what they are for.
enum NetworkOperation: Equatable, Sendable {
    case openSocket, readInterface, bringUp, takeDown, setMTU, setAddress, addRoute, removeRoute,
        clearAddress
    case listen, send, setVersion6Option

    var description: String {
        switch self {
        case .openSocket: "open a socket"
        case .readInterface: "read the interface's properties"
        case .bringUp: "bring the link up"
        case .takeDown: "take the link down"
        case .setMTU: "set the MTU"
        case .setAddress: "set the address"
        case .addRoute: "add a route"
        case .removeRoute: "remove a route"
        case .clearAddress: "take the address back"
        case .listen: "listen for answers"
        case .send: "send a message"
        case .setVersion6Option: "prepare IPv6"
        }
    }
}
