import BakeContract
import CGuest

/// Carries bytes from one descriptor to another, one buffer at a time, never waiting: the event
/// loop says when an end is ready. Both descriptors must be non-blocking; the relay owns them.
///
/// A full sink is simply not read for, so a slow reader slows the writer and nobody else.
final class Relay {
    private(set) var source: Int32?
    private(set) var sink: Int32?
    private var buffer = Bytes(repeating: 0, count: 1 << 16)
    private var pending = 0..<0

    init(from source: Int32, to sink: Int32) {
        self.source = source
        self.sink = sink
    }

    deinit {
        closeSource()
        closeSink()
    }

    /// Wants to know when the source has something.
    var wantsInput: Bool { source != nil && pending.isEmpty }
    /// Wants to know when the sink has room.
    var wantsOutput: Bool { sink != nil && !pending.isEmpty }
    /// Everything that came in has gone out, and nothing more will come.
    var isFinished: Bool { source == nil && pending.isEmpty }

    /// The source has something, or has ended. `endCounts` is false for a port whose host side was
    /// never there: reading it gives an end that is none. Returns whether anything came.
    @discardableResult
    func sourceIsReady(endCounts: Bool = true) -> Bool {
        guard wantsInput, let source else { return false }
        let count = buffer.withUnsafeMutableBytes { read(source, $0.baseAddress, $0.count) }
        if count > 0 {
            pending = 0..<count
            if sink == nil { pending = 0..<0 } else { sinkIsReady() }
            return true
        }
        if count == 0 ? endCounts : !Errno.last.meansLater { endOfInput() }
        return false
    }

    /// The sink has room, or nobody will ever read it.
    func sinkIsReady() {
        guard wantsOutput, let sink else { return }
        while !pending.isEmpty {
            let count = buffer.withUnsafeBytes {
                write(sink, $0.baseAddress! + pending.lowerBound, pending.count)
            }
            if count < 0 {
                if Errno.last.meansLater { return }
                discardFromNow()
                return
            }
            pending = pending.lowerBound + count..<pending.upperBound
        }
        if source == nil { closeSink() }
    }

    /// No more input: what is pending still goes out, then the sink is closed.
    func endOfInput() {
        closeSource()
        if pending.isEmpty { closeSink() }
    }

    /// Nobody reads any more: input is taken and thrown away, so that the writer goes on.
    func discardFromNow() {
        closeSink()
        discardPending()
    }

    /// Nobody reads just now.
    func discardPending() {
        pending = 0..<0
        if source == nil { closeSink() }
    }

    private func closeSource() {
        if let source { close(source) }
        source = nil
    }

    private func closeSink() {
        if let sink { close(sink) }
        sink = nil
    }
}

extension Errno {
    /// Not an error of the descriptor: there is nothing, or no room, just now.
    var meansLater: Bool { code == EAGAIN || code == EINTR }
}
