internal import ArgumentParser
internal import BakeContract
internal import Launching

struct StopCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stop",
        abstract: "End a machine that 'bake run --name' started.",
        discussion: """
            Presses the machine's power button: its programs are told to end (SIGTERM) and have the
            grace time of the configuration, then the machine powers off, and its 'bake run' ends
            with the program's status. One that takes too long is killed, which is a failure.

            EXAMPLES
              bake run -N web -p 8080:80 app.img &
              bake stop web
            """)

    @Argument(
        help: ArgumentHelp(
            "The machine's name, or the process id that 'bake ps' shows.", valueName: "name"))
    var wanted: String

    @Option(help: "Kill it after this many seconds (default: the grace time and 10 s).")
    var timeout: Int?

    @Flag(help: "Kill it at once: nothing is told to end, nothing is written back.")
    var kill = false

    func validate() throws {
        if let timeout, timeout < 0 {
            throw ValidationError("--timeout must be a number of seconds, 0 or more")
        }
    }

    func run() throws {
        do {
            let machines = try MachineDirectory.ofThisUser()
            let machine = try machines.machine(wanted)
            try machine.stop(
                in: machines, timeoutSeconds: timeout ?? machine.stopTimeoutSeconds, kills: kill)
        } catch {
            throw CommandFailure(error)
        }
    }
}

extension MachineDirectory {
    static func ofThisUser() throws(MachineError) -> MachineDirectory {
        try find(runtimeDirectory: HostEnvironment.strings["XDG_RUNTIME_DIR"])
    }
}

extension CommandFailure {
    init(_ error: MachineError) {
        let status: ExitStatus =
            switch error {
            case .badName: .usage
            case .noMachine: .missingInput
            case .nameInUse, .nameTooLong, .noRuntimeDirectory, .notPrivate, .killed, .survives,
                .system:
                .failed
            }
        self.init(status, error.description)
    }
}
