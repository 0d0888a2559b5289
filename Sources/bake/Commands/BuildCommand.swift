internal import ArgumentParser
internal import BakeContract
internal import Baking

struct BuildCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "build",
        abstract: "Merge trees, add kernel and configuration, write one bootable file.",
        usage: "bake [build] -R TREE... [options] -o IMAGE [-- BIN ARG...]",
        discussion: """
            Trees are laid over each other in the order given, later ones win, above a default /etc.
            What follows -- is the program the image runs.

            EXAMPLES
              bake -R base/ -R app/ -c rumpconfig.json -o app.img
              bake -R hello/ -e GREETING=hi -o hello.img -- /bin/hello world
              bake -R app/ --blob tar -o app.img
              bake -R initrd/ --format initrd -o initrd.img
              bake -R app/ -o app.img --save-request bake.json    then: bake
            """)

    @OptionGroup(title: "Trees")
    var trees: TreeFlags

    @OptionGroup(title: "Output")
    var output: OutputFlags

    @Option(
        name: [.customShort("c"), .customLong("config")],
        help: ArgumentHelp("The configuration baked in (docs/configuration.md).", valueName: "file")
    )
    var configurationFile: String?

    @Option(
        name: [.customShort("e"), .customLong("env")],
        help: ArgumentHelp("An environment variable of the programs.", valueName: "NAME=VALUE"))
    var environment: [String] = []

    @Option(help: "The host name.")
    var hostname: String?

    @Option(
        name: [.customShort("W"), .customLong("net")],
        help: ArgumentHelp(
            "What an interface does, in place of the file's 'net'; repeat it for more.",
            valueName: "[NAME,]inet,dhcp|inet,static,ADDR/MASK[,GW]|inet6,auto"))
    var networks: [String] = []

    @Option(
        name: [.customShort("k"), .customLong("kernel")],
        help: ArgumentHelp(
            "A kernel file, or a name of 'bake kernel list'. Default: the newest fetched one, else the host's.",
            valueName: "kernel"))
    var kernel: String?

    @Option(
        help: ArgumentHelp(
            """
            A file system to bring the driver of, or a kernel module to load at every start, besides \
            what the configuration needs; repeat it for more.
            """,
            valueName: "name"))
    var modules: [String] = []

    @Option(help: "Kernel command line baked in; the loader's own comes after it.")
    var kernelCmdline: String?

    @Option(
        help: ArgumentHelp(
            "Reuse compressed blocks of this image. Default: of the output that is replaced.",
            valueName: "image"))
    var base: String?

    @Option(
        help: ArgumentHelp(
            "When a file is unchanged: hash (its content is) or stat (its times are). Default: hash.",
            valueName: "hash|stat"))
    var trust: String?

    @Flag(help: "Compress everything anew. The bytes are the same.")
    var noReuse = false

    @Flag(name: [.customShort("n"), .long], help: "Check and merge everything, write nothing.")
    var dryRun = false

    @Flag(help: "Print the merged tree, a line an inode.")
    var list = false

    @Option(
        help: ArgumentHelp(
            "Also write what was asked for to this file, as bake.json; - for stdout.",
            valueName: "file"))
    var saveRequest: String?

    @Flag(
        help: ArgumentHelp(
            "Bake twice and compare, with everything changed that must make no difference.",
            discussion: """
                Umask, time zone, locale, clock, order of directories, number of threads and the \
                like. The image stays; the status is 1 where a byte differs.
                """))
    var checkReproducible = false

    @Flag(help: .hidden)
    var disturbed = false

    @Option(help: .hidden)
    var leaveOut: [String] = []

    @Flag(help: "Print the report as JSON.")
    var json = false

    @Flag(name: .shortAndLong, help: "Say what was hidden, replaced or changed, file by file.")
    var verbose = false

    @Flag(name: .shortAndLong, help: "Print nothing but errors.")
    var quiet = false

    func validate() throws {
        let onStdout = [json, list, saveRequest == "-"].filter { $0 }.count
        guard onStdout < 2 else {
            throw ValidationError(
                "--json, --list and --save-request - all want stdout; give one of them")
        }
        guard !(noReuse && (base != nil || trust != nil)) else {
            throw ValidationError(
                "--no-reuse leaves nothing for --base and --trust; give one of them")
        }
        guard !(checkReproducible && dryRun) else {
            throw ValidationError("--check-reproducible bakes; leave --dry-run out")
        }
    }

    func run() async throws {
        let request = try makeRequest()
        let report = try await bake(request)
        try save(request)
        let reproducibility = checkReproducible ? try await bakeAgain(request) : nil
        ProgressLine.clear()
        if json {
            Console.result(ReportRendering.json(report, reproducibility))
        } else if !quiet {
            Console.write(ReportRendering.text(report, isVerbose: verbose), to: 2)
        }
        if let listing = report.listing { Console.write(listing, to: 1) }
        if let reproducibility { try say(reproducibility) }
    }

    /// What was typed, and what bake.json says below it, as a value; nothing else is opened.
    private func makeRequest() throws(CommandFailure) -> BakeRequest {
        var request = try trees.request()
        request.configurationFile = configurationFile ?? request.configurationFile
        request.add(try EnvironmentFlag.parse(environment))
        request.hostname = hostname ?? request.hostname
        request.networks += try FlagText.check(networks, .network, flag: "--net")
        request.program = ProgramArguments.typed ?? request.program
        request.kernel = kernel ?? request.kernel
        request.modules += try FlagText.check(modules, .module, flag: "--modules")
        request.kernelCommandLine = kernelCmdline ?? request.kernelCommandLine
        try output.apply(to: &request)
        try refuseFlagsOfImages(for: request.format)
        request.isDryRun = dryRun
        request.reuse = try makeReuse()
        request.isListed = list
        request.isDigested = json
        request.leftOut = leaveOut
        if disturbed { request.disturb() }
        request.sourceDateEpoch = try SourceDateEpoch.fromEnvironment()
        return request
    }

    private func makeReuse() throws(CommandFailure) -> BakeRequest.Reuse {
        var reuse = BakeRequest.Reuse()
        reuse.isWanted = !noReuse
        reuse.base = base
        if let trust {
            guard let trust = BakeRequest.Reuse.Trust(rawValue: trust) else {
                throw CommandFailure(
                    .usage, "--trust: '\(trust)' is neither hash nor stat",
                    hint: "hash reads every file, stat trusts its times (docs/reuse.md)")
            }
            reuse.trust = trust
        }
        return reuse
    }

    /// A tree alone has no place for what these say; in a bake.json they are for other bakes.
    private func refuseFlagsOfImages(
        for format: BakeRequest.OutputFormat
    ) throws(CommandFailure) {
        if format == .image { return }
        let flags: [(name: String, isTyped: Bool)] = [
            ("--config", configurationFile != nil), ("--env", !environment.isEmpty),
            ("--hostname", hostname != nil), ("--net", !networks.isEmpty),
            ("--", ProgramArguments.typed != nil),
            ("--kernel", kernel != nil), ("--modules", !modules.isEmpty),
            ("--kernel-cmdline", kernelCmdline != nil),
            ("--blob", output.blob != nil), ("--base", base != nil), ("--trust", trust != nil),
            ("--block-size", output.blockSize != nil && format != .squashfs),
        ]
        guard let flag = flags.first(where: \.isTyped) else { return }
        throw CommandFailure(
            .usage, "'\(flag.name)' says nothing about \(format.noun) alone",
            hint: "leave it out, or leave out --format")
    }

    private func save(_ request: BakeRequest) throws(CommandFailure) {
        guard let saveRequest else { return }
        guard saveRequest != "-" else { return Console.result(request.json()) }
        do {
            try request.save(to: saveRequest)
        } catch {
            throw CommandFailure(error)
        }
    }

    private func bake(_ request: BakeRequest) async throws(CommandFailure) -> BakeReport {
        let baker = Baker(installation: try .ofThisCommand(), cache: try Cache.ofThisUser())
        Interruption.cleanUpWhenInterrupted()
        let isQuiet = quiet
        do {
            return try await baker.bake(request) { progress in
                if !isQuiet { ProgressLine.draw(ReportRendering.progressLine(progress)) }
            }
        } catch {
            throw CommandFailure(error)
        }
    }

    private func bakeAgain(_ request: BakeRequest) async throws(CommandFailure) -> Reproducibility {
        if !quiet { ProgressLine.draw("baking again") }
        let check = ReproducibilityCheck(
            command: try Installation.pathOfThisCommand(), cache: try Cache.ofThisUser(),
            environment: HostEnvironment.strings)
        do {
            return try await check.run(request)
        } catch {
            throw CommandFailure(error)
        }
    }

    private func say(_ reproducibility: Reproducibility) throws(CommandFailure) {
        guard reproducibility.isSame else {
            throw CommandFailure(
                .failed,
                "baked twice, not the same bytes:"
                    + ReportRendering.text(reproducibility.differences),
                hint: "changed in between: \(reproducibility.changed.joined(separator: ", "))")
        }
        guard !quiet, !json else { return }
        Console.note(
            "baked twice, the same bytes; changed in between: "
                + reproducibility.changed.joined(separator: ", ") + "; not changed: "
                + reproducibility.unchanged.joined(separator: ", "))
    }
}
