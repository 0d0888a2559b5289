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
            """)

    @Option(
        name: [.customShort("R"), .customLong("root")],
        help: ArgumentHelp("A tree; repeat it for more, later ones win.", valueName: "tree"))
    var trees: [String] = []

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
        name: [.customShort("k"), .customLong("kernel")],
        help: ArgumentHelp(
            "A kernel file, or a name of 'bake kernel list'. Default: the newest fetched one, else the host's.",
            valueName: "kernel"))
    var kernel: String?

    @Option(help: "Kernel command line baked in; the loader's own comes after it.")
    var kernelCmdline: String?

    @Option(name: [.customShort("o"), .customLong("output")], help: "The image to write.")
    var output: String

    @Option(help: "How the tree is stored: squashfs or tar.")
    var blob: String = BakeRequest.BlobKind.squashfs.rawValue

    @Option(
        help: ArgumentHelp(
            "zstd, gzip, xz, lz4 or none, with an optional level. Default: zstd:3; lz4 for tar.",
            valueName: "NAME[:LEVEL]"))
    var compression: String?

    @Option(help: "Bytes of a squashfs block, with K or M; a power of two from 4K to 1M.")
    var blockSize: String = "256K"

    @Option(help: "Who owns the files: mapped, keep, root or UID:GID.")
    var owner: String = "mapped"

    @Flag(name: .customLong("no-default-etc"), help: "Leave the default /etc out.")
    var omitsDefaultEtc = false

    @Option(help: ArgumentHelp("Take this instead of the default /etc.", valueName: "dir"))
    var defaultEtc: String?

    @Flag(name: [.customShort("n"), .long], help: "Check and merge everything, write nothing.")
    var dryRun = false

    @Flag(help: "Print the report as JSON.")
    var json = false

    @Flag(name: .shortAndLong, help: "Say what was hidden, replaced or changed, file by file.")
    var verbose = false

    @Flag(name: .shortAndLong, help: "Print nothing but errors.")
    var quiet = false

    func run() async throws {
        let request = try makeRequest()
        let report = try await bake(request)
        ProgressLine.clear()
        if json {
            Console.result(ReportRendering.json(report))
        } else if !quiet {
            Console.write(ReportRendering.text(report, isVerbose: verbose), to: 2)
        }
    }

    /// What was typed as a value; nothing is opened.
    private func makeRequest() throws(CommandFailure) -> BakeRequest {
        guard !trees.isEmpty else {
            throw CommandFailure(
                .usage, "no tree was given", hint: "bake -R TREE -o IMAGE; see bake build --help")
        }
        guard !(omitsDefaultEtc && defaultEtc != nil) else {
            throw CommandFailure(.usage, "--no-default-etc and --default-etc exclude each other")
        }
        guard let blobKind = BakeRequest.BlobKind(rawValue: blob) else {
            throw CommandFailure(.usage, "--blob is squashfs or tar, not '\(blob)'")
        }
        var request = BakeRequest(output: output)
        request.trees = trees.compactMap(BakeRequest.Tree.init(argument:))
        request.defaultEtc = omitsDefaultEtc ? .none : defaultEtc.map { .directory($0) } ?? .shipped
        request.ownerRule = owner
        request.configurationFile = configurationFile
        request.environment = try EnvironmentFlag.parse(environment)
        request.hostname = hostname
        request.program = ProgramArguments.typed ?? []
        request.kernel = kernel
        request.kernelCommandLine = kernelCmdline
        request.blobKind = blobKind
        request.compression = compression
        request.blockSize = try ByteCountFlag.parse(blockSize, flag: "--block-size")
        request.isDryRun = dryRun
        request.sourceDateEpoch = try SourceDateEpoch.fromEnvironment()
        return request
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
}
