internal import BakeContract
internal import Glibc
internal import SystemPackage

/// One running QEMU and everything between it and us.
struct LaunchSession: ~Copyable {
    /// The order of `relays`: the guest's channels, then what QEMU itself says.
    enum Output: Int {
        case stdout, stderr, status, console, qemu
    }

    /// Why we ended the machine ourselves.
    enum StopReason {
        case signal(Int32)
        case timeout
        case outputClosed
    }

    /// Time the guest has, beyond the grace time of its programs, between being asked to end and
    /// being killed.
    static let stopGrace = Duration.seconds(5)
    /// Time a killed QEMU has to go; one that hangs in the kernel stays behind.
    static let killGrace = Duration.seconds(5)

    let child: ChildProcess
    let signals: StopSignals
    let control: MachineControl
    var input: InputRelay?
    /// What comes from QEMU, one per `Output`.
    var relays: [OutputRelay]

    private var end: ChildProcess.End?
    private var stopReason: StopReason?
    /// When the next harder measure is due: Ctrl-Alt-Del, the kill, then giving up.
    private var secondAskTime: ContinuousClock.Instant?
    private var killTime: ContinuousClock.Instant?
    private var giveUpTime: ContinuousClock.Instant?
    private let timeoutTime: ContinuousClock.Instant?
    private let guestGrace: Duration
    private let claim: MachineClaim?

    init(
        _ command: QEMUCommand, timeoutSeconds: Int?, claim: MachineClaim?
    ) throws(LaunchError) {
        guestGrace = .seconds(command.request.graceSeconds)
        let signals = try StopSignals()
        var pipes: [Int32: DescriptorPair] = [:]
        for channel in QEMUCommand.Channel.allCases {
            pipes[channel.rawValue] = try DescriptorPair()
        }
        let qemuOutput = try DescriptorPair()
        let control = try DescriptorPair.socketPair()
        let input = try Self.input(isInteractive: command.request.isInteractive)

        var descriptors = pipes.mapValues(\.writeEnd)
        descriptors[0] = input.readEnd
        descriptors[1] = qemuOutput.writeEnd
        descriptors[2] = qemuOutput.writeEnd
        descriptors[MachineControl.childDescriptor] = control.writeEnd
        let claimArguments = claim?.arguments.map { Bytes($0.utf8) } ?? []
        let child = try ChildProcess.spawn(
            command.arguments + MachineControl.arguments + claimArguments,
            descriptors: descriptors)
        for descriptor in Set(descriptors.values.map(\.rawValue)) {
            FileDescriptor(rawValue: descriptor).discard()
        }

        func relay(_ channel: QEMUCommand.Channel, to target: FileDescriptor?) -> OutputRelay {
            OutputRelay(source: pipes[channel.rawValue]!.readEnd, target: target)
        }
        let verboseTarget: FileDescriptor? = command.request.isVerbose ? .standardError : nil
        self.child = child
        self.signals = signals
        self.control = MachineControl(descriptor: control.readEnd)
        self.input = input.writeEnd.map { InputRelay(source: .standardInput, target: $0) }
        relays = [
            relay(.stdout, to: .standardOutput), relay(.stderr, to: .standardError),
            relay(.status, to: nil), relay(.console, to: verboseTarget),
            OutputRelay(source: qemuOutput.readEnd, target: verboseTarget),
        ]
        timeoutTime = timeoutSeconds.map { ContinuousClock.now + .seconds($0) }
        self.claim = claim
    }

    /// From now on `bake stop` finds the machine.
    func register(_ request: LaunchRequest) throws(LaunchError) {
        guard let claim else { return }
        let machine = RunningMachine(
            name: claim.name, pid: child.pid, graceSeconds: request.graceSeconds,
            image: request.image.fromRoot)
        // A QEMU that has already failed needs no name; its message follows.
        guard let machine else { return }
        do {
            try claim.write(machine)
        } catch {
            throw .machine(error)
        }
    }

    deinit {
        if end == nil {
            child.send(SIGKILL)
            _ = child.end(within: Self.killGrace)
        }
        for relay in relays {
            relay.source.discard()
        }
        control.descriptor.discard()
        if let input, input.isTargetOpen {
            input.target.discard()
        }
    }

    /// What QEMU reads as its standard input: a pipe of ours, or nothing.
    private static func input(
        isInteractive: Bool
    ) throws(LaunchError) -> (readEnd: FileDescriptor, writeEnd: FileDescriptor?) {
        if isInteractive {
            let pipe = try DescriptorPair()
            return (pipe.readEnd, pipe.writeEnd)
        }
        let nothing = open("/dev/null", O_RDONLY | O_CLOEXEC)
        guard nothing >= 0 else { throw .system("cannot open /dev/null") }
        return (FileDescriptor(rawValue: nothing), nil)
    }

    /// Passes everything through until QEMU is gone and what it wrote has been passed on.
    mutating func watch() {
        while true {
            let isQuiet = passThrough(isWaiting: end == nil || hasPendingOutput)
            if end != nil, isQuiet, !hasPendingOutput { return }
            if let giveUpTime, ContinuousClock.now >= giveUpTime { return }
            showConsoleOfInit()
            takeMeasures()
            if end == nil {
                end = child.endIfEnded()
            }
        }
    }

    /// An init of the tree has the console for its standard output.
    private mutating func showConsoleOfInit() {
        let console = Output.console.rawValue
        if relays[console].target == nil, isHandedOver {
            relays[console].pass(to: .standardOutput)
        }
    }

    private var isHandedOver: Bool { StatusReport.isHandedOver(lastBytes(.status)) }
    private var hasPendingOutput: Bool { relays.contains(where: \.wantsWrite) }
    private var isReaderGone: Bool {
        relays[Output.stdout.rawValue].isTargetGone || relays[Output.stderr.rawValue].isTargetGone
            || isHandedOver && relays[Output.console.rawValue].isTargetGone
    }

    private func lastBytes(_ output: Output) -> Bytes { relays[output.rawValue].tail.lastBytes }

    /// Signals, time limits, readers that went away: each leads to a softer or harder stop.
    private mutating func takeMeasures() {
        while let signal = signals.next() {
            if end != nil {
                giveUpTime = ContinuousClock.now
            } else if stopReason == nil {
                stopReason = .signal(signal)
                ask(signal)
            } else {
                kill()
            }
        }
        let now = ContinuousClock.now
        if stopReason == nil, let timeoutTime, now >= timeoutTime {
            stopReason = .timeout
            kill()
        }
        if isReaderGone, giveUpTime == nil {
            stopReason = stopReason ?? .outputClosed
            kill()
        }
        if let secondAskTime, now >= secondAskTime {
            ask(SIGINT)
        }
        if let killTime, now >= killTime {
            kill()
        }
    }

    /// ^C is ^C to the programs too; SIGTERM reaches them as the power button, and as Ctrl-Alt-Del
    /// if that is not heard, because the guest's kernel lacks the driver.
    private mutating func ask(_ signal: Int32) {
        let wait = guestGrace + Self.stopGrace
        if signal == SIGINT {
            control.pressControlAltDelete()
            secondAskTime = nil
            killTime = ContinuousClock.now + wait
        } else {
            control.pressPowerButton()
            secondAskTime = ContinuousClock.now + wait
        }
    }

    private mutating func kill() {
        killTime = nil
        secondAskTime = nil
        giveUpTime = ContinuousClock.now + Self.killGrace
        if end == nil {
            child.send(SIGKILL)
        }
    }

    /// The guest's own word first, then ours, then QEMU's.
    func outcome(of command: QEMUCommand) throws(LaunchError) -> LaunchOutcome {
        if let reported = StatusReport.outcome(of: lastBytes(.status)) {
            return reported
        }
        switch stopReason {
        case .signal(let signal): return .stopped(signal: signal)
        case .timeout: return .timedOut(console: lastBytes(.console))
        case .outputClosed: return .outputClosed
        case nil: break
        }
        guard end == .exited(0) else {
            throw Self.failure(
                of: command, status: end?.status ?? 0, message: lastBytes(.qemu))
        }
        return isHandedOver ? .program(status: 0) : .noStatus(console: lastBytes(.console))
    }

    /// QEMU's refusals we know have errors of their own; it names the rule as it was given.
    static func failure(
        of command: QEMUCommand, status: Int32, message: Bytes
    ) -> LaunchError {
        let text = String(decoding: message, as: UTF8.self)
        let refused = command.request.forwards.first { forward in
            text.contains("Could not set up host forwarding rule '\(forward.qemuRule)'")
        }
        return refused.map { .portInUse($0) } ?? .qemuFailed(status: status, message: message)
    }
}

extension FilePath {
    /// For readers in other working directories; unchanged where there is none.
    fileprivate var fromRoot: FilePath {
        guard isRelative, let directory = getcwd(nil, 0) else { return self }
        defer { free(directory) }
        return FilePath(platformString: directory).pushing(self)
    }
}
