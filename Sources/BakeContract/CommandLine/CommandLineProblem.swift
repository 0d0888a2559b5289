/// What is wrong with a kernel command line as a carrier of overrides.
public enum CommandLineProblem: Sendable {
    /// The boot stub found it longer than the kernel takes.
    case cut
    case unknownFlag(Bytes)
    case emptyKey
    case badConfigMode
    case badDebugStage
    case badTimingFormat
    case openQuote
    case lastBackslash
}

extension CommandLineProblem: CustomStringConvertible {
    public var description: String {
        switch self {
        case .cut: "the command line was longer than the kernel takes, its end is lost"
        case .unknownFlag(let word):
            "'\(word.printable)' is no flag of bake; settings are written bake.KEY=VALUE"
        case .emptyKey: "there is an empty name between the dots"
        case .badConfigMode: "'bake.config' can only be 'replace'"
        case .badDebugStage:
            "'bake.debug' must be one of " + Self.stageNames
                + ": before those there is no shell"
        case .badTimingFormat: "'bake.timing' can only be 'json' or stand alone"
        case .openQuote: "a quote in the arguments is not closed"
        case .lastBackslash: "the arguments end in a backslash"
        }
    }
    private static var stageNames: String {
        var names = ""
        for stage in BootStage.allCases where stage.hasRoot {
            names += (names.isEmpty ? "" : ", ") + stage.name.description
        }
        return names
    }
}
