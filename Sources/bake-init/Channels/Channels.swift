import BakeContract
import CGuest

/// What the programs have as standard input, output and error, and how it gets to the host.
///
/// With ports every program gets pipes, so that it can open /dev/stdout again (a port can be opened
/// once); without them it gets the console itself.
final class Channels {
    /// PID 1's copies of what the programs get.
    private(set) var descriptors: StandardDescriptors
    /// /dev/null, for programs that run in the background.
    let nothing: Int32
    /// Standard input is a terminal the foreground program may control.
    let hasTerminal: Bool
    private(set) var relayed: [Channel] = []
    private var programEnds: [Int32] = []

    /// The console alone.
    init(console: Int32, nothing: Int32) {
        descriptors = StandardDescriptors(input: console, output: console, error: console)
        self.nothing = nothing
        hasTerminal = isatty(console) == 1
    }

    /// Ports where they are, given as open, non-blocking descriptors. Without an output port output
    /// goes to the console, without an error port errors go where output goes, without an input
    /// port there is no input.
    init(
        input: Int32?, output: Int32?, error: Int32?, console: Int32, nothing: Int32, now: UInt64
    ) throws(Errno) {
        self.nothing = nothing
        hasTerminal = false
        descriptors = StandardDescriptors(input: nothing, output: console, error: console)
        if let input {
            let pipe = try makePipe()
            makeNonBlocking(pipe.writeEnd)
            descriptors.input = pipe.readEnd
            relayed.append(Channel(Relay(from: input, to: pipe.writeEnd), .toProgram, now: now))
        }
        if let output {
            descriptors.output = try relayOutput(to: output, now: now)
            descriptors.error = descriptors.output
        }
        if let error { descriptors.error = try relayOutput(to: error, now: now) }
        for end in [descriptors.input, descriptors.output, descriptors.error]
        where end != nothing && end != console && !programEnds.contains(end) {
            programEnds.append(end)
        }
    }

    private func relayOutput(to port: Int32, now: UInt64) throws(Errno) -> Int32 {
        let pipe = try makePipe()
        makeNonBlocking(pipe.readEnd)
        relayed.append(Channel(Relay(from: pipe.readEnd, to: port), .fromProgram, now: now))
        return pipe.writeEnd
    }

    /// A program that is not root may open /dev/stdout too.
    private func makePipe() throws(Errno) -> Pipe {
        let pipe = try Pipe()
        _ = fchmod(pipe.readEnd, 0o666)
        return pipe
    }

    /// The programs are gone: what they wrote ends where it ends.
    func closeProgramEnds() {
        for end in programEnds { close(end) }
        programEnds = []
    }

    /// Everything the programs wrote has reached the host, or nobody is there to read it.
    func isDrained(at now: UInt64) -> Bool {
        relayed.allSatisfy { channel in
            channel.isInput || channel.relay.isFinished || channel.isAbandoned(at: now)
        }
    }

    /// Closes the ports: the kernel waits until the host has seen that, and with it everything
    /// written before.
    func closePorts() {
        relayed = []
    }

    var deadline: UInt64? {
        relayed.reduce(nil) { earlier($0, $1.deadline) }
    }

    func enroll(in set: inout PollSet, at now: UInt64) {
        for channel in relayed { channel.enroll(in: &set, at: now) }
    }

    func serve(_ set: PollSet, at now: UInt64) {
        for channel in relayed { channel.serve(set, at: now) }
    }
}

/// The earlier of two deadlines, where nil means never.
func earlier(_ left: UInt64?, _ right: UInt64?) -> UInt64? {
    guard let left, let right else { return left ?? right }
    return min(left, right)
}
