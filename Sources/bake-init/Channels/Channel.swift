import BakeContract
import CGuest

/// A relay with a virtio-serial port at one end. The host side of a port comes and goes, and
/// poll(2) answers POLLHUP all the time while it is away: then the port is left out of the poll and
/// looked at again a little later.
final class Channel {
    enum Direction {
        case toProgram, fromProgram
    }

    let relay: Relay
    private let direction: Direction
    private let openedAt: UInt64
    private var wasConnected = false
    private var lookAgainAt: UInt64?
    private var disconnectedSince: UInt64?
    private var sourceIndex: Int?
    private var sinkIndex: Int?

    /// How long a host side that was never there is waited for before an input counts as ended,
    /// and before output is given up once the programs are gone.
    private static let patienceMilliseconds: UInt64 = 1000
    private static let lookAgainMilliseconds: UInt64 = 10

    init(_ relay: Relay, _ direction: Direction, now: UInt64) {
        self.relay = relay
        self.direction = direction
        openedAt = now
    }

    var isInput: Bool { direction == .toProgram }

    /// When this channel wants a turn even if no descriptor is ready.
    var deadline: UInt64? { lookAgainAt }

    /// The output that is left will not be read by anybody.
    func isAbandoned(at now: UInt64) -> Bool {
        guard let since = disconnectedSince else { return false }
        return now >= since + Self.patienceMilliseconds
    }

    func enroll(in set: inout PollSet, at now: UInt64) {
        (sourceIndex, sinkIndex) = (nil, nil)
        if let time = lookAgainAt, now < time {
            // The end that is no port may still be asked.
            if direction == .fromProgram { enrollSource(in: &set) } else { enrollSink(in: &set) }
            return
        }
        lookAgainAt = nil
        enrollSource(in: &set)
        enrollSink(in: &set)
    }

    private func enrollSource(in set: inout PollSet) {
        if relay.wantsInput, let source = relay.source { sourceIndex = set.add(source, POLLIN) }
    }

    private func enrollSink(in set: inout PollSet) {
        if relay.wantsOutput, let sink = relay.sink { sinkIndex = set.add(sink, POLLOUT) }
    }

    func serve(_ set: PollSet, at now: UInt64) {
        let source = set.answer(sourceIndex)
        let sink = set.answer(sinkIndex)
        switch direction {
        case .toProgram:
            if sink != 0 { relay.sinkIsReady() }
            if source != 0 { servePortInput(source, at: now) }
        case .fromProgram:
            if sink != 0 { servePortOutput(sink, at: now) }
            if source != 0 { relay.sourceIsReady() }
        }
    }

    private func servePortInput(_ answer: Int32, at now: UInt64) {
        let isConnected = answer & POLLHUP == 0
        if isConnected { wasConnected = true }
        let endCounts = wasConnected || now >= openedAt + Self.patienceMilliseconds
        if relay.sourceIsReady(endCounts: endCounts) {
            wasConnected = true
        } else if !isConnected {
            lookAgainAt = now + Self.lookAgainMilliseconds
        }
    }

    private func servePortOutput(_ answer: Int32, at now: UInt64) {
        guard answer & POLLHUP != 0 else {
            wasConnected = true
            disconnectedSince = nil
            relay.sinkIsReady()
            return
        }
        disconnectedSince = disconnectedSince ?? now
        lookAgainAt = now + Self.lookAgainMilliseconds
        // A reader that went away must not stop the program; one that has not come yet may.
        if wasConnected { relay.discardPending() }
    }
}
