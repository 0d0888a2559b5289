import BakeContract

/// A program as the boot plan wants it, before anything of the image was looked at.
struct GuestProgram: Equatable {
    var bin: Bytes
    /// From argv[0] on.
    var arguments: [Bytes]
    /// `NAME=VALUE`, on top of what every program gets.
    var environment: [Bytes]
    var directory: Bytes?
    var user: Bytes?
}

/// Programs that start together: one, or several with pipes from each to the next.
struct ProgramJob {
    enum RestartRule: Equatable {
        case never, onFailure, always
    }

    var programs: [GuestProgram]
    var isBackground: Bool
    var restart: RestartRule

    /// Milliseconds of uptime at the last start.
    var startedAt: UInt64 = 0
    private var restartCount = 0

    init(_ programs: [GuestProgram], isBackground: Bool, restart: RestartRule = .never) {
        self.programs = programs
        self.isBackground = isBackground
        self.restart = restart
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
