internal import ArgumentParser
internal import BakeContract
internal import Baking

struct ShellCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "shell",
        abstract: "Work in a tree with a shell, save what changed as one more tree.",
        usage: "bake shell -R TREE... --save FILE.tar[.zst] [-- COMMAND ARG...]",
        discussion: """
            Merges the trees as a bake would, makes a copy and starts a shell in it, as root of the
            tree although nobody has to be root. When it ends, what was added, changed and removed
            is saved as an archive: bake -R TREE... -R FILE.tar. The trees stay as they are. Without
            a change nothing is saved. See docs/editing.md.

            EXAMPLES
              bake shell -R base/ --save settings.tar
              bake shell -R base.tar --save packages.tar.zst -- apt-get install -y nginx
            """)

    @OptionGroup(title: "Trees")
    var trees: TreeFlags

    @Option(
        help: ArgumentHelp(
            "Where what changed is saved: .tar, .tar.gz, .tar.zst, .tar.xz, .tar.lz4, .tar.bz2.",
            valueName: "file"))
    var save: String

    @Flag(help: "Print what changed as JSON.")
    var json = false

    @Flag(name: .shortAndLong, help: "Print nothing but errors.")
    var quiet = false

    func run() async throws {
        let report = try await work(in: try makeRequest())
        ProgressLine.clear()
        if json {
            Console.result(ShellRendering.json(report, savedTo: save))
        } else if !quiet {
            for warning in report.warnings { Console.warning(warning) }
            Console.write(ShellRendering.text(report, savedTo: save), to: 2)
        }
    }

    private func makeRequest() throws(CommandFailure) -> ShellRequest {
        var inputs = try trees.request()
        inputs.output = save
        inputs.sourceDateEpoch = try SourceDateEpoch.fromEnvironment()
        let program = ProgramArguments.typed ?? []
        return ShellRequest(inputs: inputs, program: program.isEmpty ? nil : program)
    }

    private func work(in request: ShellRequest) async throws(CommandFailure) -> ShellReport {
        let baker = Baker(installation: try .ofThisCommand(), cache: try Cache.ofThisUser())
        Interruption.cleanUpWhenInterrupted()
        let isQuiet = quiet
        do {
            return try await baker.shell(request) { progress in
                // The terminal is the shell's now.
                if case .editing = progress { return ProgressLine.clear() }
                if !isQuiet { ProgressLine.draw(ReportRendering.progressLine(progress)) }
            }
        } catch {
            throw CommandFailure(error)
        }
    }
}
