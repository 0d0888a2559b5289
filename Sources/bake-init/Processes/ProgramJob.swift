import BakeContract

/// Programs that start together: one, or several with pipes from each to the next.
struct ProgramJob {
    /// What follows when a job has ended.
    enum Sequel: Equatable {
        case over
        /// Started again after so long.
        case again(afterMilliseconds: UInt64)
        /// It would be started again, but has been so many times in a row.
        case givenUp(startCount: Int)
    }

    let programs: [Program]
    let isBackground: Bool
    private let restart: Program.Restart

    /// Milliseconds of uptime at the last start.
    var startedAt: UInt64 = 0
    /// New starts since it last ran for a minute.
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

    /// The delays double, by default from one second to a minute. Count and delay begin anew when
    /// the program ran for a minute.
    mutating func sequel(to status: Int32, endedAt: UInt64) -> Sequel {
        switch restart.policy {
        case .never: return .over
        case .onFailure where status == 0: return .over
        case .onFailure, .always: break
        }
        if endedAt - min(endedAt, startedAt) >= 60_000 { restartCount = 0 }
        if let limit = restart.limit, restartCount >= limit {
            return .givenUp(startCount: restartCount)
        }
        // Beyond 2^17 s, more than a day, the longest delay has long been reached.
        let doubled = UInt64(max(0, restart.delaySeconds)) << UInt64(min(restartCount, 17))
        restartCount += 1
        let seconds = min(doubled, UInt64(max(0, restart.longestDelaySeconds)))
        return .again(afterMilliseconds: seconds * 1000)
    }
}
