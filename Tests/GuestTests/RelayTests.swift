import BakeContract
import CGuest
import Testing

@testable import bake_init

/// Real pipes; the relay owns one end of each, the test the others.
@Suite struct RelayTests {
    private struct Setup {
        let relay: Relay
        let input: Int32
        let output: Int32

        init() throws {
            let from = try Pipe()
            let to = try Pipe()
            for end in [from.readEnd, to.writeEnd, to.readEnd] { makeNonBlocking(end) }
            relay = Relay(from: from.readEnd, to: to.writeEnd)
            (input, output) = (from.writeEnd, to.readEnd)
        }

        func put(_ bytes: Bytes) { #expect(write(input, bytes, bytes.count) == bytes.count) }

        /// Everything that is there now; nil at the end of input.
        func taken() -> Bytes? {
            var bytes = Bytes(repeating: 0, count: 1 << 20)
            let count = read(output, &bytes, bytes.count)
            if count == 0 { return nil }
            return count < 0 ? [] : Bytes(bytes[..<count])
        }
    }

    @Test func bytesGoThroughAsTheyAre() throws {
        let setup = try Setup()
        let bytes = Bytes(0...255)
        setup.put(bytes)
        setup.relay.sourceIsReady()
        #expect(setup.taken() == bytes)
        #expect(setup.relay.wantsInput)
        #expect(!setup.relay.wantsOutput)
    }

    @Test func endOfInputReachesTheReaderBehindTheLastByte() throws {
        let setup = try Setup()
        setup.put([1, 2, 3])
        close(setup.input)
        setup.relay.sourceIsReady()
        setup.relay.sourceIsReady()
        #expect(setup.taken() == [1, 2, 3])
        #expect(setup.taken() == nil)
        #expect(setup.relay.isFinished)
    }

    @Test func anEndThatDoesNotCountIsNone() throws {
        let setup = try Setup()
        close(setup.input)
        #expect(!setup.relay.sourceIsReady(endCounts: false))
        #expect(setup.taken() == [])
        #expect(setup.relay.wantsInput)
    }

    @Test func aSlowReaderIsWaitedForAndLosesNothing() throws {
        let setup = try Setup()
        let chunk = Bytes(repeating: 7, count: 1 << 16)
        setup.put(chunk)
        setup.relay.sourceIsReady()
        setup.put(chunk)
        setup.relay.sourceIsReady()
        // The second chunk does not fit into the pipe: nothing more is asked for until it does.
        #expect(!setup.relay.wantsInput)
        #expect(setup.relay.wantsOutput)
        close(setup.input)

        var byteCount = 0
        while let bytes = setup.taken() {
            byteCount += bytes.count
            if setup.relay.wantsOutput { setup.relay.sinkIsReady() }
            if setup.relay.wantsInput { setup.relay.sourceIsReady() }
        }
        #expect(byteCount == 2 * chunk.count)
        #expect(setup.relay.isFinished)
    }

    @Test func withoutAReaderTheWriterGoesOn() throws {
        let setup = try Setup()
        guest_ignore_signal(SIGPIPE)
        close(setup.output)
        setup.put([1])
        setup.relay.sourceIsReady()
        #expect(setup.relay.sink == nil)
        setup.put([2])
        setup.relay.sourceIsReady()
        #expect(setup.relay.wantsInput)
    }
}
