/// How `bake.timing` is answered.
public enum TimingFormat: Equatable, Sendable {
    /// A table for people.
    case table
    /// One line of JSON behind `bake: timing: `.
    case json
}

extension BootPlan {
    /// With what the kernel command line asks for to look at the boot: a shell before the first step
    /// of a stage or of any stage behind it, and the times before the programs.
    public mutating func add(debugStage: BootStage?, timing: TimingFormat?) {
        if let timing { insert(.reportTiming(timing), before: .programs) }
        if let debugStage { insert(.debugShell, before: debugStage) }
    }

    private mutating func insert(_ step: BootStep, before stage: BootStage) {
        let place = steps.firstIndex { ($0.stage?.rawValue ?? -1) >= stage.rawValue }
        // Behind `init` there is nothing: a shell that was to come later comes before it.
        let end = steps.last?.stage == .programs ? steps.count - 1 : steps.count
        steps.insert(step, at: place ?? end)
    }
}
