import BakeContract
import CGuest

/// Runs the programs of a boot plan to their end: starts them in order, relays their input and
/// output, reaps, passes signals on, and ends what is left. One event loop, nothing else waits.
final class Supervisor {
    enum Outcome: Equatable {
        /// The status of the last program that ran in the foreground.
        case ended(status: Int32)
        /// dm-verity refused a block: what the programs read can no longer be trusted to be there.
        case damaged(DamagedBlock)
    }

    /// A process of ours that has not ended.
    private struct Running {
        var process: pid_t
        var name: Bytes
        var jobIndex: Int
        var isLastOfJob: Bool
    }

    private var jobs: [ProgramJob]
    private let graceMilliseconds: UInt64
    private let channels: Channels
    private let launcher: Launcher
    private let scope: ProcessScope
    private let signals: SignalDescriptor
    private let background: BackgroundWork

    private var running: [Running] = []
    private var nextJobIndex = 0
    private var restarts: [Restart] = []
    private var status: Int32 = 0
    private var damage: DamagedBlock?
    /// The last ones. The kernel may say it again after the process was reaped.
    private var memoryKills: [OutOfMemoryKill] = []
    private var interruptCount = 0
    /// When what still runs is killed; nil as long as nobody was told to end.
    private var killTime: UInt64?
    private var isStopping: Bool { killTime != nil }

    init(
        _ jobs: [ProgramJob], graceSeconds: Int, channels: Channels, launcher: Launcher,
        scope: ProcessScope, signals: consuming SignalDescriptor, background: BackgroundWork
    ) {
        self.jobs = jobs
        graceMilliseconds = UInt64(max(0, graceSeconds)) * 1000
        self.channels = channels
        self.launcher = launcher
        self.scope = scope
        self.signals = signals
        self.background = background
    }

    func run() -> Outcome {
        startJobs()
        while !isDone {
            turn(until: restarts.reduce(nil) { earlier($0, $1.at) })
            startJobs()
        }
        endEverything()
        // A program that dies of a damaged block may be reaped before the event was looked at.
        damage = damage ?? background.damagedBlock()
        return damage.map { .damaged($0) } ?? .ended(status: status)
    }

    /// The end of the last job is the end: of a foreground program as soon as it ended, of
    /// background programs when all of them have. Once they were told to end, so is the end of the
    /// grace time.
    private var isDone: Bool {
        if damage != nil { return true }
        if let killTime { return running.isEmpty || launcher.uptime() >= killTime }
        guard nextJobIndex == jobs.count else { return false }
        if let last = jobs.last, !last.isBackground { return !isRunning(jobs.count - 1) }
        return running.isEmpty && restarts.isEmpty
    }

    private func isRunning(_ jobIndex: Int) -> Bool {
        running.contains { $0.jobIndex == jobIndex }
            || restarts.contains { $0.jobIndex == jobIndex }
    }

    // MARK: Starting

    /// As many jobs as may start: up to a foreground one that has not ended.
    private func startJobs() {
        let now = launcher.uptime()
        let due = restarts.filter { $0.at <= now }
        restarts.removeAll { $0.at <= now }
        for restart in due { start(restart.jobIndex) }
        while !isStopping, damage == nil, nextJobIndex < jobs.count {
            if nextJobIndex > 0, !jobs[nextJobIndex - 1].isBackground, isRunning(nextJobIndex - 1) {
                return
            }
            nextJobIndex += 1
            start(nextJobIndex - 1)
        }
    }

    private func start(_ index: Int) {
        // What is left of a pipe that is started again was told to end when its last program ended.
        passOn(SIGKILL, toJob: index)
        jobs[index].startedAt = launcher.uptime()
        let programs = jobs[index].programs
        let results = launcher.start(jobs[index], channels: channels)
        for (position, result) in results.enumerated() {
            let isLast = position == results.count - 1
            switch result {
            case .started(let process):
                memoryKills.removeAll { $0.process == process }
                running.append(
                    Running(
                        process: process, name: programs[position].bin, jobIndex: index,
                        isLastOfJob: isLast))
            case .failed(let status):
                if isLast { settle(index, status) }
            }
        }
    }

    /// The last program of a job ended, or could not be started.
    private func settle(_ index: Int, _ status: Int32) {
        if !jobs[index].isBackground || !jobs.contains(where: { !$0.isBackground }) {
            self.status = status
        }
        guard !isStopping, damage == nil else { return }
        let name = jobs[index].programs.last?.bin.shown ?? ""
        let now = launcher.uptime()
        switch jobs[index].sequel(to: status, endedAt: now) {
        case .over: return
        case .again(let delay):
            passOn(SIGTERM, toJob: index)
            restarts.append(Restart(jobIndex: index, at: now + delay))
            tell(
                "bake: note: '\(name)' ended with status \(status), next start in \(delay / 1000) s"
            )
        case .givenUp(let count):
            let times = count == 1 ? "once" : "\(count) times in a row"
            tell(
                "bake: error: '\(name)' was started again \(times) and ended with status \(status):"
                    + " giving up")
        }
    }

    // MARK: The loop

    private func turn(until deadline: UInt64?) {
        let now = launcher.uptime()
        var set = PollSet()
        let signalIndex = set.add(signals.number, POLLIN)
        channels.enroll(in: &set, at: now)
        background.enroll(in: &set)

        var next = earlier(deadline, channels.deadline)
        next = earlier(earlier(next, background.deadline), killTime)
        // Signals of a test reach whatever thread they like: there the processes are asked.
        if scope == .started { next = earlier(next, now + 10) }
        set.wait(milliseconds: next.map { $0 > now ? $0 - now : 0 })

        let later = launcher.uptime()
        channels.serve(set, at: later)
        for event in background.serve(set, at: later) { take(event) }
        if set.answer(signalIndex) != 0 {
            while let signal = signals.next() { take(signal) }
        }
        while let ended = scope.reap(running.map { $0.process }) {
            note(ended.process, ended.status)
        }
    }

    private func note(_ process: pid_t, _ status: WaitStatus) {
        guard let shellStatus = status.shellStatus,
            let index = running.firstIndex(where: { $0.process == process })
        else { return }
        let ended = running.remove(at: index)
        if case .signalled(let signal) = status { explain(ended, signal) }
        if ended.isLastOfJob { settle(ended.jobIndex, shellStatus) }
    }

    /// Says what a shell would say of a program that a signal ended: not of what it was asked to do,
    /// nor of a pipe whose reader went away.
    private func explain(_ ended: Running, _ signal: Int32) {
        let name = ended.name.shown
        if signal == SIGKILL {
            for kill in background.outOfMemoryKills() { take(.outOfMemory(kill)) }
        }
        if memoryKills.contains(where: { $0.process == ended.process }) {
            tell(
                "bake: error: '\(name)' was killed by \(signalText(signal)):"
                    + " this machine is out of memory")
        } else if !isStopping, signal != SIGPIPE || ended.isLastOfJob {
            tell("bake: error: '\(name)' was killed by \(signalText(signal))")
        }
    }

    private func take(_ event: BackgroundWork.Event) {
        switch event {
        case .damaged(let block): damage = damage ?? block
        case .powerButton: stop(passing: SIGTERM)
        case .outOfMemory(let kill):
            if memoryKills.contains(kill) { return }
            memoryKills.append(kill)
            if memoryKills.count > 64 { memoryKills.removeFirst() }
            if running.contains(where: { $0.process == kill.process }) { return }
            tell(
                "bake: warning: the process '\(kill.name.shown)' (\(kill.process)) was killed:"
                    + " this machine is out of memory")
        }
    }

    private func take(_ signal: Int32) {
        switch signal {
        case SIGINT:
            interruptCount += 1
            if interruptCount >= 2 { killTime = launcher.uptime() } else { stop(passing: SIGINT) }
        case SIGTERM, SIGPWR:
            stop(passing: SIGTERM)
        case SIGHUP, SIGUSR1, SIGUSR2, SIGQUIT, SIGWINCH:
            passOn(signal)
        default:
            return
        }
    }

    /// The programs are told to end, nothing is started any more, and the grace time begins.
    private func stop(passing signal: Int32) {
        restarts = []
        killTime = killTime ?? launcher.uptime() + graceMilliseconds
        passOn(signal)
    }

    /// To all programs, or to those of one job.
    private func passOn(_ signal: Int32, toJob jobIndex: Int? = nil) {
        for program in running where jobIndex == nil || program.jobIndex == jobIndex {
            kill(program.process, signal)
        }
    }

    private func tell(_ line: String) { launcher.tell(line.bytes, through: channels.descriptors) }

    // MARK: The end

    /// How long the kernel may take to get rid of what was killed; a process that hangs in a driver
    /// is left behind.
    private static let killMilliseconds: UInt64 = 5000

    private func endEverything() {
        restarts = []
        let end = killTime ?? launcher.uptime() + graceMilliseconds
        killTime = end
        if hasProcesses, launcher.uptime() < end {
            scope.signalEverybody(SIGTERM, running.map { $0.process })
            // A second SIGINT brings the time forward.
            while hasProcesses, launcher.uptime() < killTime ?? end { turn(until: nil) }
        }
        if hasProcesses { killEverybody() }
        channels.closeProgramEnds()
        // A time that has passed must not make the turns below spin.
        killTime = nil
        while !channels.isDrained(at: launcher.uptime()) { turn(until: launcher.uptime() + 100) }
    }

    private func killEverybody() {
        for program in running {
            tell("bake: warning: '\(program.name.shown)' did not end in time and is killed")
        }
        scope.signalEverybody(SIGKILL, running.map { $0.process })
        let end = launcher.uptime() + Self.killMilliseconds
        killTime = end
        while hasProcesses, launcher.uptime() < end { turn(until: end) }
    }

    private var hasProcesses: Bool { scope.hasProcesses(running.map { $0.process }) }
}

/// A job that is to be started again.
private struct Restart {
    var jobIndex: Int
    /// Milliseconds of uptime.
    var at: UInt64
}
