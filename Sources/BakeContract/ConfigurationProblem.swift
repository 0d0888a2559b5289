/// What is wrong with a configuration beyond its syntax.
public enum ConfigurationProblem: Sendable {
    case json(JSONProblem)
}

extension ConfigurationProblem: CustomStringConvertible {
    public var description: String {
        switch self {
        case .json(let problem): problem.description
        }
    }
}
