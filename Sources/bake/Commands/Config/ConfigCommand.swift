internal import ArgumentParser

struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Check, explain and convert configurations.",
        subcommands: [
            ConfigLintCommand.self, ConfigExplainCommand.self, ConfigConvertCommand.self,
            ConfigVerdictCommand.self,
        ])
}
