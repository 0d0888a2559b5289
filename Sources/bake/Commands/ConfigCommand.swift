internal import ArgumentParser
internal import BakeContract
internal import Baking
internal import Glibc
internal import SystemPackage

struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Check configurations.",
        subcommands: [Lint.self])

    struct Lint: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say what a configuration comes to, as the guest would decide.",
            discussion: """
                'ok', the steps PID 1 would take and the settings programs see; or the first error
                with line and column. Ends with 65 when a file is refused.

                EXAMPLES
                  bake config lint rumpconfig.json
                  bake config lint --cmdline 'bake.hostname=other -- --port 80' rumpconfig.json
                """)

        @Argument(help: "Configurations.")
        var files: [String]

        @Option(help: "A kernel command line laid over them.")
        var cmdline: String = ""

        @Flag(help: "Judge as PID 1 does at boot: unknown keys are warnings.")
        var booting = false

        func run() throws {
            var areAllGood = true
            for file in files {
                let verdict = ConfigurationVerdict.text(
                    configuration: try read(file), commandLine: Bytes(cmdline.utf8),
                    strictness: booting ? .booting : .making)
                areAllGood = areAllGood && !verdict.starts(with: "error".utf8)
                if files.count > 1 { Console.write("\(file): ", to: STDOUT_FILENO) }
                Console.write(verdict, to: STDOUT_FILENO)
            }
            if !areAllGood { throw ExitCode(ExitStatus.malformedInput.rawValue) }
        }

        private func read(_ file: String) throws(CommandFailure) -> Bytes {
            do {
                return try readWholeFile(FilePath(file))
            } catch {
                throw CommandFailure(.missingInput, "cannot read '\(file)': \(error)")
            }
        }
    }
}
