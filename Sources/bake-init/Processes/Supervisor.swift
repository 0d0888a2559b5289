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
        var jobIndex: Int
        var isLastOfJob: Bool
    }

    private var jobs: [ProgramJob]
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
    private var isStopping = false
    private var interruptCount = 0

    init(
        _ jobs: [ProgramJob], channels: Channels, launcher: Launcher, scope: ProcessScope,
        signals: consuming SignalDescriptor, background: BackgroundWork
    ) {
        self.jobs = jobs
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
    /// background programs when all of them have.
    private var isDone: Bool {
        if damage != nil { return true }
        guard isStopping || nextJobIndex == jobs.count else { return false }
        if let last = jobs.last, !last.isBackground, !isStopping {
            return !isRunning(jobs.count - 1)
        }
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
        for restart in restarts where restart.at <= now { start(restart.jobIndex) }
        restarts.removeAll { $0.at <= now }
        while !isStopping, damage == nil, nextJobIndex < jobs.count {
            if nextJobIndex > 0, !jobs[nextJobIndex - 1].isBackground, isRunning(nextJobIndex - 1) {
                return
            }
            nextJobIndex += 1
            start(nextJobIndex - 1)
        }
    }

    private func start(_ index: Int) {
        jobs[index].startedAt = launcher.uptime()
        let processes = launcher.start(jobs[index], channels: channels)
        for (position, result) in processes.enumerated() {
            let isLast = position == processes.count - 1
            switch result {
            case .started(let process):
                running.append(
                    Running(process: process, jobIndex: index, isLastOfJob: isLast))
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
        if !isStopping,
            let delay = jobs[index].restartDelay(after: status, endedAt: launcher.uptime())
        {
            restarts.append(Restart(jobIndex: index, at: launcher.uptime() + delay))
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
        next = earlier(next, background.deadline)
        // Signals of a test reach whatever thread they like: there the processes are asked.
        if scope == .started { next = earlier(next, now + 10) }
        set.wait(milliseconds: next.map { $0 > now ? $0 - now : 0 })

        let later = launcher.uptime()
        channels.serve(set, at: later)
        damage = damage ?? background.serve(set, at: later)
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
        if ended.isLastOfJob { settle(ended.jobIndex, shellStatus) }
    }

    private func take(_ signal: Int32) {
        switch signal {
        case SIGINT, SIGTERM, SIGPWR:
            isStopping = true
            restarts = []
            if signal == SIGINT { interruptCount += 1 }
            passOn(interruptCount >= 2 ? SIGKILL : signal == SIGPWR ? SIGTERM : signal)
        case SIGHUP, SIGUSR1, SIGUSR2, SIGQUIT, SIGWINCH:
            passOn(signal)
        default:
            return
        }
    }

    private func passOn(_ signal: Int32) {
        for program in running { kill(program.process, signal) }
    }

    // MARK: The end

    /// How long programs have between SIGTERM and SIGKILL.
    private static let graceMilliseconds: UInt64 = 5000

    private func endEverything() {
        isStopping = true
        restarts = []
        for signal in [SIGTERM, SIGKILL] where hasProcesses {
            scope.signalEverybody(signal, running.map { $0.process })
            let end = launcher.uptime() + Self.graceMilliseconds
            while hasProcesses, launcher.uptime() < end { turn(until: end) }
        }
        channels.closeProgramEnds()
        while !channels.isDrained(at: launcher.uptime()) { turn(until: launcher.uptime() + 100) }
    }

    private var hasProcesses: Bool { scope.hasProcesses(running.map { $0.process }) }
}

/// A job that is to be started again.
private struct Restart {
    var jobIndex: Int
    /// Milliseconds of uptime.
    var at: UInt64
}
