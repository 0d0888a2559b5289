internal import ArgumentParser
internal import Baking

/// The root of the command; `build` is what is meant when no subcommand is named.
struct BakeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bake",
        abstract: "Bake directory trees into one bootable file, and run it.",
        discussion: """
            EXAMPLES
              bake -R base/ -R app/ -c rumpconfig.json -o app.img
              bake run -p 8080:80 app.img
              bake run -e GREETING=hello app.img -- --port 80
              bake set app.img env.GREETING=hello
              bake inspect app.img
              bake ls app.img /etc

            bake COMMAND --help says more about each. Exit statuses: docs/exit-status.md.
            """,
        version: bakeVersion,
        subcommands: [
            BuildCommand.self, RunCommand.self, ProcessesCommand.self, StopCommand.self,
            SetCommand.self, InspectCommand.self, ExtractCommand.self, VerifyCommand.self,
            ListCommand.self, CatCommand.self, WhyCommand.self,
            ShellCommand.self, ExportCommand.self, KernelCommand.self, ConfigCommand.self,
        ],
        defaultSubcommand: BuildCommand.self)
}
