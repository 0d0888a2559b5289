// A DHCP client with its socket: asks for a lease, then keeps it for as long as PID 1 serves it.

import BakeContract
import CGuest

/// What happened to a lease while the program runs; for the console.
enum LeaseNote: Equatable, Sendable {
    case renewed
    /// The server gave another address, other routes or name servers; they are set.
    case changed(InterfaceAddressing)
    /// The address was taken away; the search for a server goes on.
    case lost
    case failed(NetworkError)

    func description(of interface: Bytes) -> String {
        let name = interface.shown
        return switch self {
        case .renewed: "the DHCP lease on \(name) was renewed"
        case .changed(let addressing):
            "the DHCP server changed what \(name) has: now"
                + " \(addressing.address.description)/\(addressing.prefix.count)"
        case .lost: "the DHCP lease on \(name) is over, looking for a server again"
        case .failed(let error): error.description
        }
    }
}

/// PID 1 polls `fileDescriptor` for input until `deadline`, and calls `serve` when either comes.
/// Both change: read them again before each poll(2).
final class LeaseKeeper {
    let interface: Bytes
    private let interfaceIndex: Int32
    private let request: InterfaceRequest
    private let clock: () -> Milliseconds
    private var client: DHCPClient
    private var channel: DHCPSocket
    private var applied: InterfaceAddressing?

    /// The interface must be up. The first message leaves with the first `serve`.
    init(
        _ request: InterfaceRequest, on control: borrowing InterfaceControl,
        clock: @escaping () -> Milliseconds = LeaseKeeper.now
    ) throws(NetworkError) {
        self.request = request
        self.clock = clock
        interface = control.name
        let hardwareAddress = try control.hardwareAddress()
        guard let index = control.index() else {
            throw .failed(.readInterface, interface: control.name, errno: Errno(ENODEV))
        }
        interfaceIndex = index
        client = DHCPClient(
            hardwareAddress: hardwareAddress, hostname: request.hostname,
            seed: seed(hardwareAddress))
        channel = try DHCPSocket(belowIPOn: control.name, index: index)
    }

    /// Changes when a lease comes or goes.
    var fileDescriptor: Int32 { channel.fileDescriptor }

    /// On the clock given, `now()` by default; nil when only a packet can change anything.
    var deadline: Milliseconds? { client.deadline }

    /// What the interface has now; nil while it has no lease.
    var addressing: InterfaceAddressing? { applied }

    /// Whether a server offered something it did not give.
    var wasRefused: Bool { client.sawOffer || client.refusingServer != nil }
    var refusingServer: IPv4Address? { client.refusingServer }

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
        let addressing = request.preferring(over: addressing)
        guard addressing != applied else { return [.renewed] }
        let control = try InterfaceControl(interface)
        if applied != nil { try control.clearAddress() }
        try control.apply(addressing)
        let isFirst = applied == nil
        applied = addressing
        if isFirst {
            channel = try DHCPSocket(onAddressOf: interface, index: interfaceIndex)
        }
        return [.changed(addressing)]
    }

    private func withdraw() throws(NetworkError) {
        applied = nil
        channel = try DHCPSocket(belowIPOn: interface, index: interfaceIndex)
        try InterfaceControl(interface).clearAddress()
    }
}

extension InterfaceRequest {
    /// What the configuration says goes before what the server says.
    fileprivate func preferring(over given: InterfaceAddressing) -> InterfaceAddressing {
        var result = given
        if !interface.nameServers.isEmpty { result.nameServers = interface.nameServers }
        if let mtu = interface.mtu { result.mtu = mtu }
        return result
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
