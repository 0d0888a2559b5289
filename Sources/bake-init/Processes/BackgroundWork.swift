import BakeContract
import CGuest

/// What PID 1 keeps an eye on while programs run: damaged blocks, and leases that want renewing.
final class BackgroundWork {
    private let uevents: UeventSocket?
    private var ueventIndex: Int?

    init(uevents: consuming UeventSocket?) {
        self.uevents = uevents
    }

    /// Milliseconds of uptime.
    var deadline: UInt64? { nil }

    func enroll(in set: inout PollSet) {
        ueventIndex = nil
        switch uevents {
        case .some(let socket): ueventIndex = set.add(socket.number, POLLIN)
        case .none: break
        }
    }

    /// A damaged block, when one was met since the last turn.
    func serve(_ set: PollSet) -> DamagedBlock? {
        set.answer(ueventIndex) != 0 ? damagedBlock() : nil
    }

    func damagedBlock() -> DamagedBlock? {
        switch uevents {
        case .some(let socket): socket.damagedBlock()
        case .none: nil
        }
    }
}
