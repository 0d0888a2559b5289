import BakeContract
import Foundation
import SystemPackage
import Testing

@testable import Launching

@Suite struct RelayTests {
    /// Every byte arrives in order, though the reader takes its time and the relay holds only so
    /// much.
    @Test func aSlowReaderLosesNothing() throws {
        let (source, target) = (try DescriptorPair(), try DescriptorPair())
        var relay = OutputRelay(source: source.readEnd, target: target.writeEnd)
        target.readEnd.setNonBlocking()
        source.writeEnd.setNonBlocking()
        let sent = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        var sentCount = 0
        var received: Bytes = []
        var largestHeld = 0
        while received.count < sent.count {
            sentCount += max(
                0,
                sent[sentCount...].withUnsafeBytes {
                    write(source.writeEnd.rawValue, $0.baseAddress, $0.count)
                })
            // Six reads for each write: the relay fills up.
            for _ in 0..<6 where relay.wantsRead { relay.readChunk() }
            var ready = pollfd(fd: target.writeEnd.rawValue, events: Int16(POLLOUT), revents: 0)
            if relay.wantsWrite, poll(&ready, 1, 0) == 1 { relay.writeChunk() }
            var chunk = Bytes(repeating: 0, count: 5000)
            let count = read(target.readEnd.rawValue, &chunk, chunk.count)
            received += chunk.prefix(max(0, count))
            largestHeld = max(largestHeld, sentCount - received.count)
        }
        #expect(received == sent)
        // What the relay holds, one chunk more, and two pipes.
        #expect(largestHeld <= OutputRelay.limitByteCount + 3 * 65536 + 65536)
    }

    @Test func aReaderThatWentAwayIsNoticed() throws {
        let (source, target) = (try DescriptorPair(), try DescriptorPair())
        let signals = try IgnoredPipeSignal()
        var relay = OutputRelay(source: source.readEnd, target: target.writeEnd)
        target.readEnd.discard()
        #expect(write(source.writeEnd.rawValue, "abc", 3) == 3)
        relay.readChunk()
        relay.writeChunk()
        #expect(relay.isTargetGone)
        #expect(!relay.wantsWrite)
        _ = signals
    }

    @Test func inputEndsAfterItsLastByte() throws {
        let (source, target) = (try DescriptorPair(), try DescriptorPair())
        var relay = InputRelay(source: source.readEnd, target: target.writeEnd)
        #expect(write(source.writeEnd.rawValue, "abc", 3) == 3)
        source.writeEnd.discard()
        while relay.isTargetOpen {
            if relay.wantsRead { relay.readChunk() }
            if relay.wantsWrite { relay.writeChunk() }
        }
        var bytes = Bytes(repeating: 0, count: 8)
        #expect(read(target.readEnd.rawValue, &bytes, 8) == 3)
        #expect(read(target.readEnd.rawValue, &bytes, 8) == 0)
    }
}

/// SIGPIPE is an error of write(2), as it is while a session runs.
private struct IgnoredPipeSignal {
    init() throws { signal(SIGPIPE, SIG_IGN) }
}
