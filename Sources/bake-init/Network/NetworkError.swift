// Everything that can go wrong while the network is brought up.

import BakeContract
import CGuest

enum NetworkError: Error, Equatable, Sendable {
    /// nil: any Ethernet interface would have done.
    case noInterface(name: Bytes?, waitedSeconds: Int)
    case noDHCPAnswer(interface: Bytes, waitedSeconds: Int)
    /// A server answered, but never got as far as giving an address.
    case refusedByDHCPServer(interface: Bytes, server: IPv4Address?, waitedSeconds: Int)
    /// `inet6` is not implemented by this PID 1.
    case noVersion6(interface: Bytes)
    case notEthernet(interface: Bytes)
    case failed(NetworkOperation, interface: Bytes, errno: Errno)

    var description: String {
        switch self {
        case .noInterface(.some(let name), let seconds):
            "there is no network interface '\(name.shown)' (waited \(seconds) s)"
        case .noInterface(nil, let seconds):
            "there is no network interface besides the loopback (waited \(seconds) s)"
        case .noDHCPAnswer(let interface, let seconds):
            "no DHCP server answered on \(interface.shown) within \(seconds) s"
        case .refusedByDHCPServer(let interface, .some(let server), let seconds):
            "the DHCP server \(server.description) gave no address to \(interface.shown)"
                + " within \(seconds) s"
        case .refusedByDHCPServer(let interface, nil, let seconds):
            "the DHCP server gave no address to \(interface.shown) within \(seconds) s"
        case .noVersion6(let interface):
            "cannot give an IPv6 address to \(interface.shown): only IPv4 is supported"
        case .notEthernet(let interface):
            "\(interface.shown) is not an Ethernet interface, DHCP needs one"
        case .failed(let operation, let interface, let errno):
            "cannot \(operation.description) on \(interface.shown):"
                + " \(errno.text)"
        }
    }
}

/// The system calls of this folder, by what they are for.
enum NetworkOperation: Equatable, Sendable {
    case openSocket, readInterface, bringUp, setMTU, setAddress, addRoute, clearAddress
    case listen, send

    var description: String {
        switch self {
        case .openSocket: "open a socket"
        case .readInterface: "read the interface's properties"
        case .bringUp: "bring the link up"
        case .setMTU: "set the MTU"
        case .setAddress: "set the address"
        case .addRoute: "add a route"
        case .clearAddress: "take the address back"
        case .listen: "listen for DHCP answers"
        case .send: "send a DHCP message"
        }
    }
}
