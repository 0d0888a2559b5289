import BakeContract
import CGuest

/// What PID 1 keeps an eye on while programs run: damaged blocks, and leases that want renewing.
final class BackgroundWork {
    private let uevents: UeventSocket?
    private let say: (Bytes) -> Void
    private var keepers: [LeaseKeeper] = []
    private var ueventIndex: Int?
    private var keeperIndices: [Int] = []

    init(uevents: consuming UeventSocket?, say: @escaping (Bytes) -> Void) {
        self.uevents = uevents
        self.say = say
    }

    func keepLeases(of interfaces: [ConfiguredInterface]) {
        keepers = interfaces.compactMap { $0.keeper }
    }

    /// Milliseconds of uptime, which is the clock of the leases too (CLOCK_BOOTTIME).
    var deadline: UInt64? {
        keepers.reduce(nil) { earlier($0, $1.deadline) }
    }

    func enroll(in set: inout PollSet) {
        ueventIndex = nil
        switch uevents {
        case .some(let socket): ueventIndex = set.add(socket.number, POLLIN)
        case .none: break
        }
        keeperIndices = keepers.map { set.add($0.fileDescriptor, POLLIN) }
    }

    /// A damaged block, when one was met since the last turn.
    func serve(_ set: PollSet, at now: UInt64) -> DamagedBlock? {
        for (keeper, index) in zip(keepers, keeperIndices) {
            let isDue = keeper.deadline.map { $0 <= now } ?? false
            guard isDue || set.answer(index) != 0 else { continue }
            for note in keeper.serve() where note != .renewed {
                say("bake: note: \(note.description(of: keeper.interface))".bytes)
                guard case .changed(let addressing) = note else { continue }
                if let warning = writeResolverFile(addressing) {
                    say("bake: warning: \(warning)".bytes)
                }
            }
        }
        return set.answer(ueventIndex) != 0 ? damagedBlock() : nil
    }

    func damagedBlock() -> DamagedBlock? {
        switch uevents {
        case .some(let socket): socket.damagedBlock()
        case .none: nil
        }
    }
}
