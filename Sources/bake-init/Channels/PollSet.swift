import CGuest

/// The descriptors of one turn of the event loop.
struct PollSet {
    private var entries: [pollfd] = []

    /// Returns where to ask for the answer later.
    mutating func add(_ descriptor: Int32, _ events: Int32) -> Int {
        entries.append(pollfd(fd: descriptor, events: Int16(events), revents: 0))
        return entries.count - 1
    }

    /// Waits until something is ready, or for so many milliseconds; nil waits without end.
    mutating func wait(milliseconds: UInt64?) {
        let timeout = milliseconds.map { Int32(min($0, 60_000)) } ?? -1
        let count = entries.withUnsafeMutableBufferPointer {
            poll($0.baseAddress, nfds_t($0.count), timeout)
        }
        guard count <= 0 else { return }
        // Nothing is ready, or a signal came: no answer may be left from before.
        for index in entries.indices { entries[index].revents = 0 }
    }

    func answer(_ index: Int?) -> Int32 { index.map { Int32(entries[$0].revents) } ?? 0 }
}
