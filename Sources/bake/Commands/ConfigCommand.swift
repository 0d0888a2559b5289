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

        @Option(help: ArgumentHelp("A kernel command line laid over them.", valueName: "text"))
        var cmdline: String?

        @Option(
            help: ArgumentHelp(
                "Read that command line from a file, such as a copy of /proc/cmdline.",
                valueName: "file"))
        var cmdlineFile: String?

        @Flag(help: "Judge as PID 1 does at boot: unknown keys are warnings.")
        var booting = false

        func run() throws {
            let commandLine = try commandLine()
            var areAllGood = true
            for file in files {
                let verdict = ConfigurationVerdict.text(
                    configuration: try read(file), commandLine: commandLine,
                    strictness: booting ? .booting : .making)
                areAllGood = areAllGood && !isRefusal(verdict)
                if files.count > 1 { Console.write("\(file): ", to: STDOUT_FILENO) }
                Console.write(verdict, to: STDOUT_FILENO)
            }
            if !areAllGood { throw ExitCode(ExitStatus.malformedInput.rawValue) }
        }

        /// Warnings come first; an error is the last line.
        private func isRefusal(_ verdict: Bytes) -> Bool {
            let newline = UInt8(ascii: "\n")
            return verdict.split(separator: newline).last?.starts(with: "error ".utf8) ?? true
        }

        /// Bytes, as the kernel has them: a file holds what an argument as text could not.
        private func commandLine() throws(CommandFailure) -> Bytes {
            guard let cmdlineFile else { return Bytes((cmdline ?? "").utf8) }
            guard cmdline == nil else {
                throw CommandFailure(.usage, "--cmdline and --cmdline-file exclude each other")
            }
            var text = try read(cmdlineFile)
            while text.last == UInt8(ascii: "\n") { text.removeLast() }
            return text
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
