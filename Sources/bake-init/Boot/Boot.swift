import BakeContract
import CGuest

/// PID 1 from the kernel's hands to the end of the machine: open, read, plan, carry out, report.
struct Boot: ~Copyable {
    private let system = LinuxSystem()
    private var background = BackgroundWork(uevents: nil) { _ in }
    private var action = ExitAction.powerOff
    private var isVerbose = false

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
        var runner = StepRunner(on: system)
        var report = StatusReport.exited(0)
        for step in plan.steps {
            if isVerbose { system.say("bake: \(system.uptime()) ms: ".bytes + step.text) }
            switch step {
            case .runPrograms(let programs, let environment):
                background.keep(runner.network)
                report = try run(programs, environment)
            case .becomeInit(let program, let environment):
                try Session(on: system, ports: Ports()).become(program, environment: environment)
            case .finish(let action):
                self.action = action
            default:
                try runner.carryOut(step)
            }
        }
        return report
    }

    /// Everything up to where the image's settings can be read.
    private mutating func open() throws(GuestFailure) {
        umask(0o022)
        // Ctrl-Alt-Del becomes a SIGINT, which the programs get to see.
        reboot(Int32(RB_DISABLE_CAD))
        try mountBasics(on: system)
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
        do {
            background = BackgroundWork(uevents: try UeventSocket()) { LinuxSystem().say($0) }
        } catch {
            system.say("bake: warning: damaged blocks will not be named: \(error.text)".bytes)
        }
    }

    private func makePlan() throws(GuestFailure) -> BootPlan {
        let manifest = try readManifest(on: system)
        let facts = BootFacts(blob: findBlob(manifest, on: system))
        let effective = try readConfiguration(on: system)
        do {
            return try BootPlan.make(
                manifest, facts, effective.configuration,
                published: effective.value.prettyText)
        } catch {
            throw .plan(error)
        }
    }

    private func run(
        _ programs: [Program], _ environment: [EnvironmentVariable]
    ) throws(GuestFailure) -> StatusReport {
        let session = try Session(on: system, ports: Ports.wait(on: system))
        let outcome = try session.run(programs, environment: environment, background: background)
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
