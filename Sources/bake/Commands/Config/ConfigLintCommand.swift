internal import ArgumentParser
internal import BakeContract
internal import Baking
internal import Glibc
internal import Images
internal import SystemPackage

struct ConfigLintCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lint",
        abstract: "Say what is wrong with configurations, with line and column.",
        discussion: """
            A line for each finding, 'FILE:LINE:COLUMN: error: ...', or 'FILE: ok'. Errors are what
            no image is made with; warnings what is taken and probably not meant. An image is
            checked with its own tree, a configuration with that of -R, where it is given: programs
            that are not there, mount points that are no directories. Ends with 65 when there are
            errors.

            EXAMPLES
              bake config lint rumpconfig.json
              bake config lint -R rootfs/ rumpconfig.json
              bake config lint --cmdline 'bake.hostname=other -- --port 80' app.img
            """)

    @Argument(help: ArgumentHelp("Configurations or images.", valueName: "file|image"))
    var files: [String]

    @Option(
        name: [.customShort("R"), .customLong("root")],
        help: ArgumentHelp(
            "A tree that the configuration is for; repeat it for more, later ones win.",
            valueName: "tree"))
    var trees: [String] = []

    @OptionGroup(title: "What the platform says")
    var platform: PlatformFlags

    @Flag(help: "Judge as PID 1 does at boot: unknown keys are warnings.")
    var booting = false

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let platform = try platform.findings()
        let tree = try await mergedTree()
        var results: [(file: String, lint: ConfigurationLint)] = []
        for file in files {
            let subject = try ConfigurationSubject(file)
            results.append((file, try lint(subject, platform, tree)))
        }
        if json {
            Console.result(.array(results.map { LintRendering.json($0.file, $0.lint) }))
        } else {
            for result in results {
                Console.write(LintRendering.text(result.file, result.lint), to: STDOUT_FILENO)
            }
        }
        if results.contains(where: \.lint.hasErrors) {
            throw ExitCode(ExitStatus.malformedInput.rawValue)
        }
    }

    private func lint(
        _ subject: ConfigurationSubject, _ platform: PlatformFindings, _ tree: ConfiguredTree?
    ) throws(CommandFailure) -> ConfigurationLint {
        var lint: ConfigurationLint
        do throws(ConfigurationError) {
            lint = ConfigurationLint(
                try subject.sources(platform),
                booting || subject.image != nil ? .booting : .making)
        } catch {
            return ConfigurationLint(refused: error)
        }
        guard let effective = lint.effective else { return lint }
        do throws(BakeError) {
            let tree = try subject.image == nil ? tree : ConfiguredTree(imageAt: subject.name)
            for finding in tree?.findings(effective) ?? [] {
                lint.add(finding.isCertain ? .error : .warning, finding.fault)
            }
        } catch {
            throw CommandFailure(error)
        }
        return lint
    }

    /// That of `-R`; nil where none was given.
    private func mergedTree() async throws(CommandFailure) -> ConfiguredTree? {
        guard !trees.isEmpty else { return nil }
        var request = BakeRequest()
        // What it holds is no program and nothing to mount on.
        request.defaultEtc = .none
        for argument in trees {
            guard let tree = BakeRequest.Tree(argument: argument), !tree.source.isEmpty else {
                throw CommandFailure(.usage, "-R '\(argument)' is not TREE[:/TARGET]")
            }
            request.trees.append(tree)
        }
        // Nothing is written there; contents of archives go to nameless files beside it.
        let scratch = HostEnvironment.strings["TMPDIR"] ?? ""
        request.output = "\(scratch.isEmpty ? "/tmp" : scratch)/bake-config-lint"
        let baker = Baker(installation: try .ofThisCommand(), cache: try Cache.ofThisUser())
        do {
            return try await ConfiguredTree(merging: baker, request)
        } catch {
            throw CommandFailure(error)
        }
    }
}
