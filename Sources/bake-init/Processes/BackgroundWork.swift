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
    private var network: NetworkKeeper?
    private var ueventIndex: Int?
    private var buttonIndex: Int?
    private var logIndex: Int?
    private var networkIndices: [Int] = []

    init(
        uevents: consuming UeventSocket?, powerButton: PowerButton? = nil,
        kernelLog: KernelLog? = nil, say: @escaping (Bytes) -> Void
    ) {
        self.uevents = uevents
        self.powerButton = powerButton
        self.kernelLog = kernelLog
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
        buttonIndex = powerButton.map { set.add($0.number, POLLIN) }
        logIndex = kernelLog.map { set.add($0.number, POLLIN) }
        networkIndices = network?.fileDescriptors.map { set.add($0, POLLIN) } ?? []
    }

    /// What happened since the last turn.
    func serve(_ set: PollSet, at now: UInt64) -> [Event] {
        if let network, isDue(network, set, at: now) {
            for note in network.serve() where note.isWorthSaying {
                say("bake: note: \(note.description)".bytes)
            }
            if let warning = network.writeResolverFile() {
                say("bake: warning: \(warning)".bytes)
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

    func outOfMemoryKills() -> [OutOfMemoryKill] { kernelLog?.outOfMemoryKills() ?? [] }
}
