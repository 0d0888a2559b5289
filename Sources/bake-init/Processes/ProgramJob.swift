import BakeContract

/// Programs that start together: one, or several with pipes from each to the next.
struct ProgramJob {
    let programs: [Program]
    let isBackground: Bool
    private let restart: Program.Restart

    /// Milliseconds of uptime at the last start.
    var startedAt: UInt64 = 0
    private var restartCount = 0

    /// The last program says how all of them run.
    init(_ programs: [Program]) {
        self.programs = programs
        isBackground = programs.last?.runMode == .background
        restart = programs.last?.restart ?? .never
    }

    /// `rc` as jobs: a program with a pipe belongs to the one behind it.
    static func jobs(of programs: [Program]) -> [ProgramJob] {
        var jobs: [ProgramJob] = []
        var members: [Program] = []
        for program in programs {
            members.append(program)
            if program.runMode == .pipe { continue }
            jobs.append(ProgramJob(members))
            members = []
        }
        // The configuration refuses a pipe into nothing; should one come, it runs all the same.
        if !members.isEmpty { jobs.append(ProgramJob(members)) }
        return jobs
    }

    /// Milliseconds until the next start, nil when there is none. They double from one second to a
    /// minute, and begin anew when the program ran for a minute.
    mutating func restartDelay(after status: Int32, endedAt: UInt64) -> UInt64? {
        switch restart {
        case .never: return nil
        case .onFailure where status == 0: return nil
        case .onFailure, .always: break
        }
        let minute: UInt64 = 60_000
        if endedAt - min(endedAt, startedAt) >= minute { restartCount = 0 }
        let delay = min(minute, 1000 << UInt64(min(restartCount, 6)))
        restartCount += 1
        return delay
    }
}
