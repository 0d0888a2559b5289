internal import ArgumentParser
internal import BakeContract
internal import Glibc
internal import Images
internal import Launching
internal import SystemPackage

struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Start an image under QEMU and end with its program's status.",
        usage: "bake run [options] IMAGE [-- ARG...]",
        discussion: """
            The image is the only file the machine is given. KVM is used where it works, TCG
            elsewhere. What follows -- replaces the baked arguments of the program. Every failure
            that is not the program's ends with status 125.

            EXAMPLES
              bake run -p 8080:80 app.img
              bake run -e GREETING=hello --hostname other app.img
              bake run -i app.img -- --read-from - < data
              bake run --dry-run app.img
            """)

    @Argument(help: "The image.")
    var image: String

    @Option(name: [.customShort("M"), .customLong("memory")], help: "RAM in MiB, or with M or G.")
    var memory: String?

    @Option(help: "Processors.")
    var cpus = 1

    @Option(
        name: [.customShort("e"), .customLong("env")],
        help: ArgumentHelp("An environment variable, over the baked ones.", valueName: "NAME=VALUE")
    )
    var environment: [String] = []

    @Option(help: "The host name, over the baked one.")
    var hostname: String?

    @Option(
        help: ArgumentHelp(
            "Any key of the configuration, over the baked one; the value is JSON or text.",
            valueName: "KEY=VALUE"))
    var set: [String] = []

    @Option(
        name: [.customShort("N"), .customLong("name")],
        help: "What QEMU, 'bake ps' and 'bake stop' call the machine.")
    var name: String?

    @Flag(name: [.customShort("i"), .long], help: "The program reads bake's standard input.")
    var interactive = false

    @Flag(name: .shortAndLong, help: "Show the serial console: firmware, kernel, PID 1.")
    var verbose = false

    @Option(help: "bios or uefi.", transform: Choice.parse)
    var firmware = LaunchRequest.Firmware.bios

    @Option(help: "QEMU's machine: pc or q35.", transform: Choice.parse)
    var machine = LaunchRequest.Machine.pc

    @Option(help: "auto, kvm or tcg.", transform: Choice.parse)
    var accel = AcceleratorChoice.auto

    @OptionGroup
    var network: NetworkFlags

    @OptionGroup
    var disks: DiskFlags

    @Option(
        name: [.customShort("D"), .customLong("gdb")],
        help: "Serve gdb on this port of the loopback interface.")
    var gdbPort: UInt16?

    @Flag(help: "Start with the processors stopped, for a debugger.")
    var paused = false

    @Option(
        name: [.customShort("g"), .customLong("qemu-argument")], parsing: .unconditionalSingleValue,
        help: "A raw argument for QEMU; repeat it for more.")
    var extraArguments: [String] = []

    @Option(help: "Kill the machine after this many seconds.")
    var timeout: Int?

    @Flag(name: [.customShort("n"), .long], help: "Print the command that would run, for a shell.")
    var dryRun = false

    func run() throws {
        let outcome: LaunchOutcome
        do {
            outcome = try launch()
        } catch {
            // 125 for everything of ours, so that the program's statuses stay its own.
            throw CommandFailure(.launch, error.message, hint: error.hint)
        }
        try finish(with: outcome)
    }

    private func launch() throws(CommandFailure) -> LaunchOutcome {
        let request = try makeRequest()
        do {
            let tools = try LaunchTools.find(searchPath: HostEnvironment.strings["PATH"] ?? "")
            let verdict = try accel.resolve(tools: tools)
            let command = try QEMUCommand(request, accelerator: verdict.accelerator, tools: tools)
            if dryRun {
                Console.write(command.shellLine + [0x0a], to: STDOUT_FILENO)
                return .program(status: 0)
            }
            if verbose { Console.note("\(verdict.accelerator.rawValue): \(verdict.reason)") }
            return try Launcher.run(
                command, timeoutSeconds: timeout, machines: try machines(for: request))
        } catch {
            throw CommandFailure(.launch, error.description)
        }
    }

    private func finish(with outcome: LaunchOutcome) throws {
        switch outcome {
        case .program(let status): throw ExitCode(Int32(status))
        case .stopped(let signal): throw ExitCode(128 + signal)
        case .outputClosed: throw ExitCode(128 + SIGPIPE)
        case .guestFailed, .noStatus, .timedOut:
            throw CommandFailure(.launch, "'\(image)': \(outcome.message ?? "it failed")")
        }
    }

    /// What was typed, joined with what the image says of itself.
    private func makeRequest() throws(CommandFailure) -> LaunchRequest {
        let opened = try open()
        var request = LaunchRequest(image: FilePath(image))
        request.firmware = firmware
        request.machine = machine
        request.memoryMiB = try memory.map(MemoryFlag.mebibytes)
        request.minimumMemoryMiB = opened.manifest.memory.minimumMiB(firmware)
        request.cpuCount = cpus
        try network.apply(to: &request)
        try disks.apply(to: &request)
        do {
            request.bakedCommandLine = try opened.commandLine()
        } catch {
            throw CommandFailure(error, image: image)
        }
        let configuration = try override(opened, &request)
        request.graceSeconds = configuration.graceSeconds
        request.isInteractive = interactive
        request.isVerbose = verbose
        request.name = try name.map(machineName)
        request.gdbPort = gdbPort
        request.isPaused = paused
        request.extraArguments = extraArguments.map { Array($0.utf8) }
        return request
    }

    /// Puts what was typed onto its way, and decides what the guest will decide, so that a wrong
    /// override is told before anything starts.
    private func override(
        _ opened: BootImage, _ request: inout LaunchRequest
    ) throws(CommandFailure) -> Configuration {
        let baked: Bytes?
        let room: Bytes
        do {
            baked = try opened.bakedConfiguration()
            room = try opened.configurationPatch()
        } catch {
            throw CommandFailure(error, image: image)
        }
        let settings = try overrides.patch()
        let selection = try refused { () throws(ConfigurationError) in
            try EffectiveConfiguration.selection(baked: baked, room: room)
        }
        do {
            try request.override(
                settings, arguments: ProgramArguments.typed, heardBy: selection)
        } catch {
            throw CommandFailure(.launch, error.description)
        }
        var platform = PlatformFindings(commandLine: request.commandLine)
        platform.firmwareTable = request.firmwareTable
        let effective = try refused { () throws(ConfigurationError) in
            try EffectiveConfiguration.booting(baked: baked, room: room, platform: platform)
        }
        effective.warnings.forEach { Console.note($0.warning) }
        if !request.forwards.isEmpty && effective.configuration.interfaces.isEmpty {
            Console.warning(
                "-p leads nowhere: the configuration has no 'net', so the guest has no address\n"
                    + "  hint: -W inet,dhcp, or bake it in")
        }
        return effective.configuration
    }

    private func machineName(_ text: String) throws(CommandFailure) -> MachineName {
        guard let name = MachineName(text) else {
            throw CommandFailure(.usage, MachineError.badName(text).description)
        }
        return name
    }

    /// Where a machine with a name is noted down.
    private func machines(for request: LaunchRequest) throws(LaunchError) -> MachineDirectory? {
        guard request.name != nil else { return nil }
        do {
            return try MachineDirectory.find(
                runtimeDirectory: HostEnvironment.strings["XDG_RUNTIME_DIR"])
        } catch {
            throw .machine(error)
        }
    }

    /// Opens the image and checks all of it but the blob, which the guest checks block by block.
    private func open() throws(CommandFailure) -> BootImage {
        let damages: [Damage]
        let opened: BootImage?
        do {
            damages = try BootImage.verify(FilePath(image), skippingBlob: true)
            opened = try damages.isEmpty ? BootImage(opening: FilePath(image)) : nil
        } catch {
            throw CommandFailure(error, image: image)
        }
        guard let opened else {
            throw CommandFailure(
                .malformedInput,
                "'\(image)' is damaged: " + damages.map(\.description).joined(separator: "; "),
                hint: "bake or copy it again")
        }
        return opened
    }

    private var overrides: OverrideFlags {
        get throws(CommandFailure) {
            OverrideFlags(
                environment: environment, hostname: hostname, network: try network.entries(),
                disks: try disks.entries(), settings: set)
        }
    }

    private func refused<Value>(
        _ body: () throws(ConfigurationError) -> Value
    ) throws(CommandFailure) -> Value {
        do {
            return try body()
        } catch {
            throw CommandFailure(.malformedInput, error.description)
        }
    }
}

extension Manifest.MemoryNeeds {
    /// RAM the machine must have, in whole MiB.
    fileprivate func minimumMiB(_ firmware: LaunchRequest.Firmware) -> Int {
        let byteCount =
            switch firmware {
            case .bios: inPlaceByteCount
            case .uefi: uefiByteCount
            }
        return (byteCount + (1 << 20) - 1) >> 20
    }
}
