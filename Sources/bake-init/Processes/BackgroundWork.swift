import BakeContract
import CGuest

/// What PID 1 keeps an eye on while programs run: damaged blocks, and leases that want renewing.
final class BackgroundWork {
    private let uevents: UeventSocket?
    private let say: (Bytes) -> Void
    private var network: NetworkKeeper?
    private var ueventIndex: Int?
    private var networkIndices: [Int] = []

    init(uevents: consuming UeventSocket?, say: @escaping (Bytes) -> Void) {
        self.uevents = uevents
        self.say = say
    }

    func keep(_ network: NetworkKeeper?) {
        self.network = network
    }

    /// Milliseconds of uptime, which is the clock of the leases too (CLOCK_BOOTTIME).
    var deadline: UInt64? { network?.deadline }

    func enroll(in set: inout PollSet) {
        ueventIndex = nil
        switch uevents {
        case .some(let socket): ueventIndex = set.add(socket.number, POLLIN)
        case .none: break
        }
        networkIndices = network?.fileDescriptors.map { set.add($0, POLLIN) } ?? []
    }

    /// A damaged block, when one was met since the last turn.
    func serve(_ set: PollSet, at now: UInt64) -> DamagedBlock? {
        if let network, isDue(network, set, at: now) {
            for note in network.serve() where note.isWorthSaying {
                say("bake: note: \(note.description)".bytes)
            }
            if let warning = network.writeResolverFile() {
                say("bake: warning: \(warning)".bytes)
            }
        }
        return set.answer(ueventIndex) != 0 ? damagedBlock() : nil
    }

    private func isDue(_ network: NetworkKeeper, _ set: PollSet, at now: UInt64) -> Bool {
        if let deadline = network.deadline, deadline <= now { return true }
        return networkIndices.contains { set.answer($0) != 0 }
    }

    func damagedBlock() -> DamagedBlock? {
        switch uevents {
        case .some(let socket): socket.damagedBlock()
        case .none: nil
        }
    }
}
