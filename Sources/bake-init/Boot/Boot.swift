import BakeContract
import CGuest

/// PID 1 from the kernel's hands to the end of the machine: open, read, plan, carry out, report.
struct Boot: ~Copyable {
    private let system = LinuxSystem()
    private var background = BackgroundWork(uevents: nil) { _ in }
    private var action = ExitAction.powerOff
    private var isVerbose = false
    private var timing: BootTiming

    private init() {
        timing = BootTiming(startedAt: system.uptime())
    }

    static func run() -> Never {
        var boot = Boot()
        let report = boot.carryOut()
        boot.tell(report)
        endMachine(boot.action, on: boot.system)
    }

    private mutating func carryOut() -> StatusReport {
        do throws(GuestFailure) {
            return try bootAndRun()
        } catch {
            // dm-verity knows which block is the reason for an I/O error.
            let failure = background.damagedBlock().map { GuestFailure.damaged($0) } ?? error
            return .failed(failure.status, failure.text)
        }
    }

    private mutating func bootAndRun() throws(GuestFailure) -> StatusReport {
        try open()
        let plan = try makePlan()
        timing.note(.readSettings, at: system.uptime())
        var runner = StepRunner(on: system)
        var report = StatusReport.exited(0)
        for (index, step) in plan.steps.enumerated() {
            if isVerbose { system.say("bake: \(system.uptime()) ms: ".bytes + step.text) }
            switch step {
            case .debugShell:
                if index + 1 < plan.steps.count {
                    runDebugShell(before: plan.steps[index + 1], on: system)
                }
            case .reportTiming(let format):
                for line in timing.report(format) { system.say(line) }
            case .runPrograms(let programs, let environment, let graceSeconds):
                background.keep(runner.network)
                let session = try Session(on: system, ports: Ports.wait(on: system))
                report = Self.report(
                    try session.run(
                        programs, environment: environment, limits: runner.limits,
                        graceSeconds: graceSeconds, background: background))
            case .becomeInit(let program, let environment):
                if let port = Ports.wait(on: system).status {
                    StatusReport.handedOver.send(to: port, on: system)
                }
                try Session(on: system, ports: Ports()).become(
                    program, environment: environment, limits: runner.limits)
            case .finish(let action):
                self.action = action
            default:
                try runner.carryOut(step)
            }
            timing.note(step, at: system.uptime())
        }
        return report
    }

    /// Everything up to where the image's settings can be read.
    private mutating func open() throws(GuestFailure) {
        umask(0o022)
        // What comes before the programs run waits for them; a PID 1 without a handler would never
        // hear of it.
        blockSignals()
        // Ctrl-Alt-Del becomes a SIGINT, which the programs get to see.
        reboot(Int32(RB_DISABLE_CAD))
        try mountBasics(on: system)
        timing.note(.mountBasics, at: system.uptime())
        openMissingDescriptors()
        // Without it PID 1 could be killed for memory, which is worse only then.
        do { try system.write("-1000".bytes, into: "/proc/self/oom_score_adj".bytes) } catch {}

        // A line that does not parse stops the boot where the configuration is read.
        isVerbose =
            (try? KernelCommandLine.parse(readCommandLine(on: system)))?  // as said above
            .isVerbose ?? false
        for note in loadModules(on: system) {
            // ENODEV: a driver whose hardware this machine has not got.
            if note.errno == .noDevice && !isVerbose { continue }
            system.say("bake: note: module \(note.name.shown): \(note.errno.text)".bytes)
        }
        background = watch()
        timing.note(.loadModules, at: system.uptime())
    }

    /// Listens before anything can happen: what comes while the machine is made ready waits.
    private func watch() -> BackgroundWork {
        let uevents: UeventSocket?
        do {
            uevents = try UeventSocket()
        } catch {
            uevents = nil
            system.say("bake: warning: damaged blocks will not be named: \(error.text)".bytes)
        }
        return BackgroundWork(
            uevents: uevents, powerButton: PowerButton(), kernelLog: KernelLog()
        ) { LinuxSystem().say($0) }
    }

    private func makePlan() throws(GuestFailure) -> BootPlan {
        try checkSettings(on: system)
        let manifest = try readManifest(on: system)
        let facts = BootFacts(blob: findBlob(manifest, on: system))
        let effective = try readConfiguration(on: system)
        var plan: BootPlan
        do {
            plan = try BootPlan.make(
                manifest, facts, effective.configuration,
                published: effective.value.prettyText)
        } catch {
            throw .plan(error)
        }
        // It parsed when the configuration was read.
        if let said = try? KernelCommandLine.parse(readCommandLine(on: system)) {  // as said above
            plan.add(debugStage: said.debugStage, timing: said.timing)
        }
        return plan
    }

    private static func report(_ outcome: Supervisor.Outcome) -> StatusReport {
        switch outcome {
        case .ended(let status): return .exited(status)
        case .damaged(let block):
            let failure = GuestFailure.damaged(block)
            return .failed(failure.status, failure.text)
        }
    }

    private func tell(_ report: StatusReport) {
        let port = Ports.wait(on: system).status
        if let line = report.consoleLine(hasPort: port != nil) { system.say(line) }
        if let port { report.send(to: port, on: system) }
    }
}

/// The kernel opens /dev/console as 0, 1 and 2 where there is one. Where there is none, the numbers
/// must not go to something else.
private func openMissingDescriptors() {
    while true {
        let descriptor = guest_open("/dev/null", O_RDWR, 0)
        if descriptor > STDERR_FILENO { close(descriptor) }
        // -1: not even /dev/null, which devtmpfs has. Then nobody can be talked to.
        if descriptor < 0 || descriptor > STDERR_FILENO { return }
    }
}
