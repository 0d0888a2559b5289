// The network at work: all entries of `net` on one event loop, first until they are ready, then
// for as long as programs run.

import BakeContract
import CGuest

/// PID 1 polls `fileDescriptors` for input until `deadline`, and calls `serve` when either comes.
/// Both change: read them again before each poll(2).
final class NetworkKeeper {
    /// An entry that has an interface.
    private struct Part {
        var entry: NetworkInterface
        var source: AddressSource
        /// Why the last attempt came to nothing.
        var failure: NetworkError?
        /// A fixed address that cannot be had: nothing more happens here.
        var isOver = false
    }

    private var parts: [Part] = []
    private let clock: () -> Milliseconds
    private var writtenResolver: Resolver?
    /// What did not succeed on the way and was no reason to stop.
    private(set) var warnings: [NetworkNote] = []

    init(clock: @escaping () -> Milliseconds) {
        self.clock = clock
    }

    /// Entries come in their order.
    func add(_ entry: NetworkInterface, _ source: AddressSource) {
        parts.append(Part(entry: entry, source: source))
    }

    func note(_ failure: NetworkError, on interface: Bytes) {
        let note = NetworkNote(interface: interface, note: .failed(failure))
        if !warnings.contains(note) { warnings.append(note) }
    }

    /// Ends it all: no interface has an address any more or is up.
    func takeDown() throws(NetworkError) {
        for part in parts { try part.source.control.takeDown() }
        parts = []
    }

    var fileDescriptors: [Int32] { parts.compactMap { $0.isOver ? nil : $0.source.fileDescriptor } }

    /// Milliseconds of uptime; nil when only a packet can change anything.
    var deadline: Milliseconds? {
        parts.reduce(nil) { $1.isOver ? $0 : earlier($0, $1.source.deadline) }
    }

    /// Reads what has come, does what is due. Never waits.
    ///
    /// - Returns: what there is to tell, each with the interface it is about.
    func serve() -> [NetworkNote] {
        var notes: [NetworkNote] = []
        for index in parts.indices where !parts[index].isOver {
            let interface = parts[index].source.control.name
            do throws(NetworkError) {
                for note in try parts[index].source.serve(at: clock()) {
                    if case .failed(let error) = note { parts[index].failure = error }
                    notes.append(NetworkNote(interface: interface, note: note))
                }
            } catch {
                parts[index].failure = error
                parts[index].isOver = parts[index].source.isFixed
                notes.append(NetworkNote(interface: interface, note: .failed(error)))
            }
        }
        return notes
    }

    /// Serves until every entry that is not optional is ready; `end` is a time of `LeaseKeeper.now`.
    func waitUntilReady(until end: Milliseconds, waitedSeconds: Int) throws(NetworkError) {
        while true {
            for served in serve() {
                if case .failed(let error) = served.note { note(error, on: served.interface) }
            }
            for part in parts where part.isOver && !part.entry.isOptional {
                if let failure = part.failure { throw failure }
            }
            guard let missing = parts.first(where: { !$0.entry.isOptional && !$0.source.isReady })
            else { return }
            guard LeaseKeeper.now() < end else {
                throw missing.failure ?? missing.source.failure(waitedSeconds: waitedSeconds)
            }
            wait(until: end)
        }
    }

    private func wait(until end: Milliseconds) {
        var set = PollSet()
        for descriptor in fileDescriptors { _ = set.add(descriptor, POLLIN) }
        // Two clocks in tests, one in a machine: what is due by either wakes.
        let now = LeaseKeeper.now()
        var milliseconds = end > now ? end - now : 0
        if let deadline {
            let time = clock()
            milliseconds = min(milliseconds, deadline > time ? deadline - time : 0)
        }
        set.wait(milliseconds: milliseconds)
    }
}

/// Something that happened, for the console.
struct NetworkNote: Equatable, Sendable {
    var interface: Bytes
    var note: LeaseNote

    var isWorthSaying: Bool { note != .renewed }
    var description: String { note.description(of: interface) }
}

extension NetworkKeeper {
    /// The name the first DHCP server that gave one has for this machine.
    var hostname: Bytes? {
        for part in parts {
            if case .leased(let keeper) = part.source, let name = keeper.addressing?.hostname {
                return name
            }
        }
        return nil
    }

    /// Of all entries in their order; in each, what the configuration says stands in place of what
    /// the network says.
    var resolver: Resolver {
        var resolver = Resolver()
        for part in parts {
            let zone = part.source.control.name
            var servers: [IPAddress] = []
            var domains: [Bytes] = []
            switch part.source {
            case .leased(let keeper):
                servers = keeper.addressing?.nameServers.map { .v4($0) } ?? []
                domains = keeper.addressing?.domain.map { [$0] } ?? []
            case .advertised(let address):
                servers = address.nameServers.map { .v6($0) }
                domains = address.searchDomains
            case .fixed, .fixedVersion6: break
            }
            if !part.entry.nameServers.isEmpty { servers = part.entry.nameServers }
            if !part.entry.searchDomains.isEmpty { domains = part.entry.searchDomains }
            for server in servers { resolver.add(server, zone: zone) }
            for domain in domains { resolver.add(domain: domain) }
        }
        return resolver
    }

    /// Writes /etc/resolv.conf below `root` where what is known has changed since the last time.
    ///
    /// - Returns: why names cannot be resolved; a program that needs them says so itself too.
    func writeResolverFile(under root: Bytes = []) -> String? {
        let resolver = resolver
        guard resolver != writtenResolver else { return nil }
        writtenResolver = resolver
        let outcome = bake_init.writeResolverFile(resolver, under: root)
        switch outcome {
        case .written, .keptTheTreesOwn, .noNameServers: return nil
        case .readOnly, .failed: return outcome.description
        }
    }

    /// The addressing of each leased entry that has one, for tests and notes.
    var leases: [(interface: Bytes, addressing: InterfaceAddressing)] {
        parts.compactMap { part in
            guard case .leased(let keeper) = part.source, let addressing = keeper.addressing else {
                return nil
            }
            return (keeper.control.name, addressing)
        }
    }
}
