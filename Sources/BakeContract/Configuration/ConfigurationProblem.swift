/// What is wrong with a configuration or a bake.json. Sentences stand in `description` alone.
public enum ConfigurationProblem: Sendable {
    case json(JSONProblem)
    case notAnObject
    /// `mustBe` finishes the sentence `'net[0].mtu' must be ...`.
    case badValue(ConfigurationPath, mustBe: StaticString)
    /// `why` follows a colon: `'node[0]': expected a mode such as 0755`.
    case refused(ConfigurationPath, why: String)
    case unknownKey(ConfigurationPath, nearest: Bytes?)
    case missingKey(in: ConfigurationPath, key: StaticString)
    case meaningless(ConfigurationPath, beside: StaticString)
    case givenTwice(ConfigurationPath, name: Bytes)
    case conflict(Bytes, Bytes)
    case lastPipe(ConfigurationPath)
    case notForOverrides(Bytes)
    case sourceNotListenedTo
    case argumentsWithoutProgram
    case commandLine(CommandLineProblem)
    case smbios(SMBIOSProblem)
    /// Nothing wrong: the text is in rumprun's dialect.
    case dialect(DialectTrait)
    /// Nothing wrong: the text is there for somebody else.
    case notForUs(StaticString)
}

extension ConfigurationProblem: CustomStringConvertible {
    public var description: String {
        switch self {
        case .json(let problem): problem.description
        case .notAnObject: "a configuration is a JSON object: { ... }"
        case .badValue(let path, let mustBe): "'\(path.description)' must be \(mustBe.description)"
        case .refused(let path, let why): "'\(path.description)': \(why)"
        case .unknownKey(let path, let nearest):
            if let nearest {
                "unknown key '\(path.description)', did you mean '\(nearest.printable)'?"
            } else {
                "unknown key '\(path.description)'"
            }
        case .missingKey(let path, let key):
            "'\(path.description)' has no '\(key.description)'"
        case .meaningless(let path, let beside):
            "'\(path.description)' has no meaning beside \(beside.description)"
        case .givenTwice(let path, let name):
            "'\(path.description)' gives '\(name.printable)' a second time"
        case .conflict(let first, let second):
            "'\(first.printable)' and '\(second.printable)' both say what to run, keep one"
        case .lastPipe(let path):
            "'\(path.description)' is \"|\", but no program follows to read from the pipe"
        case .notForOverrides(let key):
            "'\(key.printable)' can only be set when the image is made or by 'bake set'"
        case .sourceNotListenedTo: "this image takes no overrides from here ('sources')"
        case .argumentsWithoutProgram: "there is no program that the arguments could be for"
        case .commandLine(let problem): problem.description
        case .smbios(let problem): problem.description
        case .dialect(let trait): "rumprun's dialect: \(trait.description)"
        case .notForUs(let what): "left alone: \(what.description)"
        }
    }
}
