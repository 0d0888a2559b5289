// A DHCP client with its socket: asks for a lease, then keeps it for as long as PID 1 serves it.

import BakeContract
import CGuest

/// What happened to an interface while the program runs; for the console.
enum LeaseNote: Equatable, Sendable {
    case renewed
    /// The server gave another address, other routes or name servers; they are set.
    case changed(InterfaceAddressing)
    /// The address was taken away; the search for a server goes on.
    case lost
    /// Router advertisements gave an address and a default route, or they are over.
    case advertised
    case unadvertised
    case failed(NetworkError)

    func description(of interface: Bytes) -> String {
        let name = interface.shown
        return switch self {
        case .renewed: "the DHCP lease on \(name) was renewed"
        case .changed(let addressing):
            "the DHCP server changed what \(name) has: now"
                + " \(addressing.address.description)/\(addressing.prefix.count)"
        case .lost: "the DHCP lease on \(name) is over, looking for a server again"
        case .advertised: "\(name) has an IPv6 address and a router"
        case .unadvertised: "\(name) has no IPv6 address or no router any more"
        case .failed(let error): error.description
        }
    }
}

/// PID 1 polls `fileDescriptor` for input until `deadline`, and calls `serve` when either comes.
/// Both change: read them again before each poll(2).
final class LeaseKeeper {
    let control: LinkControl
    private let configured: NetworkInterface
    private let clock: () -> Milliseconds
    private var client: DHCPClient
    private var channel: DHCPSocket
    private var applied: InterfaceAddressing?

    /// `hostname` is told to the server, which may enter it into its DNS. The interface must be
    /// up; the first message leaves with the first `serve`.
    init(
        _ configured: NetworkInterface, hostname: Bytes?, on control: LinkControl,
        clock: @escaping () -> Milliseconds = LeaseKeeper.now
    ) throws(NetworkError) {
        self.configured = configured
        self.control = control
        self.clock = clock
        guard let hardwareAddress = control.hardwareAddress else {
            throw .notEthernet(interface: control.name)
        }
        client = DHCPClient(
            hardwareAddress: hardwareAddress, hostname: hostname, seed: seed(hardwareAddress))
        channel = try DHCPSocket(belowIPOn: control.name, index: control.index)
    }

    /// Changes when a lease comes or goes.
    var fileDescriptor: Int32 { channel.fileDescriptor }

    /// On the clock given, `now()` by default; nil when only a packet can change anything.
    var deadline: Milliseconds? { client.deadline }

    /// What the interface has now; nil while it has no lease.
    var addressing: InterfaceAddressing? { applied }

    /// Why there is no lease yet.
    func failure(waitedSeconds: Int) -> NetworkError {
        guard client.sawOffer || client.refusingServer != nil else {
            return .noDHCPAnswer(interface: control.name, waitedSeconds: waitedSeconds)
        }
        return .refusedByDHCPServer(
            interface: control.name, server: client.refusingServer, waitedSeconds: waitedSeconds)
    }

    static func now() -> Milliseconds {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return Milliseconds(time.tv_sec) * 1000 + Milliseconds(time.tv_nsec) / 1_000_000
    }

    /// Reads what has come, does what is due. Never blocks.
    func serve() -> [LeaseNote] {
        var notes: [LeaseNote] = []
        while let payload = channel.receive() {
            notes += carryOut(client.receive(payload, at: clock()))
        }
        notes += carryOut(client.wake(at: clock()))
        return notes
    }

    private func carryOut(_ actions: [DHCPAction]) -> [LeaseNote] {
        var notes: [LeaseNote] = []
        for action in actions {
            do throws(NetworkError) {
                switch action {
                case .broadcast(let payload): try channel.broadcast(payload)
                case .send(let payload, let server):
                    try channel.send(payload, to: server)
                case .apply(let addressing): notes += try apply(addressing)
                case .withdraw:
                    notes.append(.lost)
                    try withdraw()
                }
            } catch {
                // Another try follows from the client's own deadlines.
                notes.append(.failed(error))
            }
        }
        return notes
    }

    private func apply(_ addressing: InterfaceAddressing) throws(NetworkError) -> [LeaseNote] {
        guard addressing != applied else { return [.renewed] }
        try control.change(from: applied, to: addressing)
        let isFirst = applied == nil
        applied = addressing
        if isFirst {
            channel = try DHCPSocket(onAddressOf: control.name, index: control.index)
        }
        var notes: [LeaseNote] = [.changed(addressing)]
        // An MTU that the driver cannot do is no reason to do without the network; and what the
        // configuration says goes before what the server says.
        if let mtu = addressing.mtu, configured.mtu == nil {
            do throws(NetworkError) { try control.setMTU(mtu) } catch {
                notes.append(.failed(error))
            }
        }
        return notes
    }

    private func withdraw() throws(NetworkError) {
        let old = applied
        applied = nil
        channel = try DHCPSocket(belowIPOn: control.name, index: control.index)
        try control.change(from: old, to: nil)
    }
}

/// From the kernel's random numbers, else from the clock and the hardware address: early in a
/// boot getrandom(2) may have none yet, and a transaction number can do without.
private func seed(_ hardwareAddress: Bytes) -> UInt32 {
    var seed: UInt32 = 0
    if getrandom(&seed, 4, UInt32(GRND_NONBLOCK)) == 4, seed != 0 { return seed }
    seed = UInt32(truncatingIfNeeded: LeaseKeeper.now())
    for byte in hardwareAddress { seed = seed &* 31 &+ UInt32(byte) }
    return seed
}
