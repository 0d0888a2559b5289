import CGuest

/// Which processes a supervisor is responsible for.
enum ProcessScope {
    /// PID 1: every process of the machine, orphans included.
    case machine
    /// Anybody else (the tests): the processes it started itself.
    case started

    /// The next process that has ended, nil when none has by now.
    func reap(_ started: [pid_t]) -> (process: pid_t, status: WaitStatus)? {
        switch self {
        case .machine: return Self.reap(-1)
        case .started:
            for process in started {
                if let ended = Self.reap(process) { return ended }
            }
            return nil
        }
    }

    private static func reap(_ process: pid_t) -> (process: pid_t, status: WaitStatus)? {
        var raw: Int32 = 0
        let ended = waitpid(process, &raw, WNOHANG)
        return ended > 0 ? (ended, WaitStatus(raw: raw)) : nil
    }

    func hasProcesses(_ started: [pid_t]) -> Bool {
        switch self {
        case .machine:
            // Look without reaping: the event loop wants to see the end itself.
            var information = siginfo_t()
            return waitid(P_ALL, 0, &information, WEXITED | WNOHANG | WNOWAIT) == 0
        case .started: return !started.isEmpty
        }
    }

    func signalEverybody(_ signal: Int32, _ started: [pid_t]) {
        switch self {
        case .machine: kill(-1, signal)
        case .started: for process in started { kill(process, signal) }
        }
    }
}
