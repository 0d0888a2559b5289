import BakeContract
import CGuest

/// What PID 1 keeps an eye on while programs run: damaged blocks, the power button, processes that
/// are killed for memory, and leases that want renewing.
final class BackgroundWork {
    /// What happened, for the supervisor to act on.
    enum Event: Equatable {
        case damaged(DamagedBlock)
        case powerButton
        case outOfMemory(OutOfMemoryKill)
    }

    private let uevents: UeventSocket?
    private let powerButton: PowerButton?
    private let kernelLog: KernelLog?
    private let say: (Bytes) -> Void
    private var keepers: [LeaseKeeper] = []
    private var ueventIndex: Int?
    private var buttonIndex: Int?
    private var logIndex: Int?
    private var keeperIndices: [Int] = []

    init(
        uevents: consuming UeventSocket?, powerButton: PowerButton? = nil,
        kernelLog: KernelLog? = nil, say: @escaping (Bytes) -> Void
    ) {
        self.uevents = uevents
        self.powerButton = powerButton
        self.kernelLog = kernelLog
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
        buttonIndex = powerButton.map { set.add($0.number, POLLIN) }
        logIndex = kernelLog.map { set.add($0.number, POLLIN) }
        keeperIndices = keepers.map { set.add($0.fileDescriptor, POLLIN) }
    }

    /// What happened since the last turn.
    func serve(_ set: PollSet, at now: UInt64) -> [Event] {
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
        var events: [Event] = []
        if set.answer(ueventIndex) != 0, let block = damagedBlock() {
            events.append(.damaged(block))
        }
        if set.answer(buttonIndex) != 0, powerButton?.wasPressed() == true {
            events.append(.powerButton)
        }
        if set.answer(logIndex) != 0 {
            for kill in outOfMemoryKills() { events.append(.outOfMemory(kill)) }
        }
        return events
    }

    func damagedBlock() -> DamagedBlock? {
        switch uevents {
        case .some(let socket): socket.damagedBlock()
        case .none: nil
        }
    }

    func outOfMemoryKills() -> [OutOfMemoryKill] { kernelLog?.outOfMemoryKills() ?? [] }
}
