internal import Glibc
internal import Synchronization

/// One line on a terminal's stderr that is drawn over and over, at most ten times a second, and
/// gone before anything else is printed.
enum ProgressLine {
    private struct State {
        var isShown = false
        var lastDraw: Int64 = 0
    }

    private static let state = Mutex(State())
    private static let isTerminal = isatty(STDERR_FILENO) == 1

    static func draw(_ text: String) {
        guard isTerminal else { return }
        state.withLock { state in
            let now = milliseconds()
            guard !state.isShown || now - state.lastDraw >= 100 else { return }
            state.isShown = true
            state.lastDraw = now
            Console.write("\r\u{1b}[K\(text)", to: STDERR_FILENO)
        }
    }

    static func clear() {
        guard isTerminal else { return }
        state.withLock { state in
            guard state.isShown else { return }
            state.isShown = false
            Console.write("\r\u{1b}[K", to: STDERR_FILENO)
        }
    }

    private static func milliseconds() -> Int64 {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000
    }
}
