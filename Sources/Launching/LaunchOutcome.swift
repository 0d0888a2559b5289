public import BakeContract

/// How a started image ended, as far as the launcher could see.
public enum LaunchOutcome: Equatable, Sendable {
    /// The program ended with this status (128 + signal when a signal ended it).
    case program(status: UInt8)
    /// The guest itself failed and said why; `status` is one of its documented statuses.
    case guestFailed(status: Int, text: String)
    /// The machine ended without a word about the program; the console's last lines may tell.
    case noStatus(console: Bytes)
    /// A signal asked this process to end and the guest was stopped or killed for it.
    case stopped(signal: Int32)
    /// The time limit passed and the guest was killed.
    case timedOut(console: Bytes)
    /// Nobody reads our standard output or standard error any more, so the guest was killed.
    case outputClosed

    /// What to tell the user; nil when the program ended by itself and there is nothing to add.
    public var message: String? {
        switch self {
        case .program, .stopped, .outputClosed:
            nil
        case .guestFailed(_, let text):
            text
        case .noStatus(let console):
            "the guest ended without a status" + Self.lastLines(console)
        case .timedOut(let console):
            "the guest did not end in time" + Self.lastLines(console)
        }
    }

    private static func lastLines(_ console: Bytes) -> String {
        let lines = ConsoleTail.printableLines(console).suffix(20)
        return lines.isEmpty
            ? ", and nothing stands on its console"
            : "; the last lines of its console:\n"
                + lines.map { "  \($0)" }.joined(separator: "\n")
    }
}
