/// The statuses that `bake` itself ends with. `bake run` returns the program's own status where it
/// has one; `launch` is for everything that kept it from having one. docs/exit-status.md.
public enum ExitStatus: Int32, CaseIterable, Sendable {
    case done = 0
    case failed = 1
    case usage = 64
    case malformedInput = 65
    case missingInput = 66
    /// A tool or device that is needed is not there.
    case unavailable = 69
    case outputNotWritable = 73
    /// `bake run` failed, or the guest did, before or instead of the program.
    case launch = 125
    case interrupted = 130
}

/// What the guest reports as the program's status where the program has none of its own: as a shell
/// does.
public enum ProgramStatus {
    /// Found, but could not be started.
    public static let notExecutable: Int32 = 126
    public static let notFound: Int32 = 127

    /// A program that a signal ended.
    public static func ended(bySignal number: Int32) -> Int32 { 128 &+ number }
}
