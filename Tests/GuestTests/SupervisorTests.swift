import CGuest
import Testing

@testable import BakeContract
@testable import bake_init

/// Real programs of the machine the tests run on, with pipes where the ports would be.
@Suite(.serialized) final class SupervisorTests {
    private let output: Pipe
    private let errors: Pipe
    private let nothing: Int32

    init() throws {
        guest_ignore_signal(SIGPIPE)
        output = try Pipe()
        errors = try Pipe()
        nothing = try FileDescriptor(opening: "/dev/null".bytes, O_RDWR).release()
        for end in [output.readEnd, output.writeEnd, errors.readEnd, errors.writeEnd] {
            makeNonBlocking(end)
        }
    }

    deinit {
        for end in [output.readEnd, errors.readEnd, nothing] { close(end) }
    }

    private func shell(
        _ script: String, _ mode: Program.RunMode = .foreground,
        _ change: (inout Program) -> Void = { _ in }
    ) -> Program {
        var program = Program(
            bin: "/bin/sh".bytes, arguments: ["/bin/sh".bytes, "-c".bytes, script.bytes])
        program.runMode = mode
        change(&program)
        return program
    }

    private func run(
        _ programs: [Program], input: Int32? = nil, limits: [ResourceLimit] = []
    ) throws -> Supervisor.Outcome {
        let channels = try Channels(
            input: input, output: output.writeEnd, error: errors.writeEnd, console: nothing,
            nothing: nothing, now: LinuxSystem().uptime())
        let launcher = Launcher(
            environment: ["PATH=/usr/bin:/bin".bytes, "A=1".bytes], limits: limits,
            users: UserDatabase(passwd: [], group: [])
        ) { _ in }
        let supervisor = Supervisor(
            ProgramJob.jobs(of: programs), graceSeconds: 1, channels: channels, launcher: launcher,
            scope: .started, signals: try SignalDescriptor(),
            background: BackgroundWork(uevents: nil) { _ in })
        return supervisor.run()
    }

    private func text(_ pipe: Pipe) -> String {
        var bytes = Bytes(repeating: 0, count: 1 << 16)
        let count = read(pipe.readEnd, &bytes, bytes.count)
        return Bytes(bytes.prefix(max(0, count))).printable
    }

    /// Lines on the programs' standard error.
    private var complaints: [String] {
        text(errors).split(separator: "\\x0a").map(String.init)
    }

    @Test(arguments: [("exit 0", 0), ("exit 7", 7), ("kill -9 $$", 137), ("kill -TERM $$", 143)])
    func status(script: String, status: Int32) throws {
        #expect(try run([shell(script)]) == .ended(status: status))
    }

    @Test func outputAndErrorsStayApart() throws {
        _ = try run([shell("printf out; printf err >&2; printf more > /dev/stdout")])
        #expect(text(output) == "outmore")
        #expect(text(errors) == "err")
    }

    @Test func inputReachesTheProgramAndSoDoesItsEnd() throws {
        let input = try Pipe()
        makeNonBlocking(input.readEnd)
        #expect(write(input.writeEnd, "abc", 3) == 3)
        close(input.writeEnd)
        #expect(try run([shell("cat; exit 3")], input: input.readEnd) == .ended(status: 3))
        #expect(text(output) == "abc")
    }

    @Test func onlyTheLastForegroundStatusCounts() throws {
        let programs = [
            shell("exit 1"), shell("sleep 0.1; exit 9", .background), shell("printf x; exit 2"),
        ]
        #expect(try run(programs) == .ended(status: 2))
        #expect(text(output) == "x")
    }

    @Test func programsInTheForegroundRunOneAfterAnother() throws {
        _ = try run([shell("sleep 0.1; printf a"), shell("printf b")])
        #expect(text(output) == "ab")
    }

    @Test func backgroundProgramsAloneAreWaitedFor() throws {
        let programs = [
            shell("printf a; exit 1", .background),
            shell("sleep 0.2; printf b; exit 4", .background),
        ]
        #expect(try run(programs) == .ended(status: 4))
        #expect(text(output) == "ab")
    }

    @Test func aBackgroundProgramEndsWithTheLastForegroundOne() throws {
        let service = shell(
            "trap 'printf bye; exit' TERM; while :; do sleep 0.05; done", .background)
        #expect(try run([service, shell("sleep 0.2; exit 5")]) == .ended(status: 5))
        #expect(text(output) == "bye")
    }

    @Test func aPipeJoinsProgramsAndTheLastOneCounts() throws {
        let programs = [shell("printf abc; exit 9", .pipe), shell("tr a-z A-Z; exit 6")]
        #expect(try run(programs) == .ended(status: 6))
        #expect(text(output) == "ABC")
    }

    @Test func anEndlessWriterEndsWithItsReader() throws {
        #expect(
            try run([shell("while :; do echo y; done", .pipe), shell("head -n 1")])
                == .ended(status: 0))
    }

    @Test func whatCannotBeStartedIsSaidAndCounts() throws {
        let missing = Program(bin: "/no/such".bytes, arguments: ["/no/such".bytes])
        #expect(try run([missing]) == .ended(status: 127))
        #expect(
            complaints == ["bake: error: cannot run '/no/such': there is no such file in the image"]
        )
    }

    @Test func aNameIsLookedUpInPath() throws {
        #expect(
            try run([Program(bin: "true".bytes, arguments: ["true".bytes])]) == .ended(status: 0))
    }

    @Test func aNameThatIsNotInPathSaysWherePathLeads() throws {
        let missing = Program(bin: "no-such".bytes, arguments: ["no-such".bytes])
        #expect(try run([missing]) == .ended(status: 127))
        #expect(
            complaints == [
                "bake: error: cannot run 'no-such':"
                    + " there is no such program in PATH (/usr/bin:/bin)"
            ])
    }

    @Test func aDirectoryIsFoundButNotRun() throws {
        let directory = Program(bin: "/usr".bytes, arguments: ["/usr".bytes])
        #expect(try run([directory]) == .ended(status: 126))
        #expect(complaints == ["bake: error: cannot run '/usr': it is a directory"])
    }

    @Test func aMissingWorkingDirectoryIsNamed() throws {
        let program = shell("true") { $0.workingDirectory = "/no/such".bytes }
        #expect(try run([program]) == .ended(status: 126))
        #expect(
            complaints == [
                "bake: error: cannot run '/bin/sh': cannot enter the directory /no/such:"
                    + " No such file or directory"
            ])
    }

    @Test func anUnknownUserIsNotReplacedByRoot() throws {
        let program = shell("true") { $0.user = ProgramUser(user: .name("x".bytes), group: nil) }
        #expect(try run([program]) == .ended(status: 126))
        #expect(
            complaints == ["bake: error: cannot run '/bin/sh': the image has no such user or group"]
        )
    }

    @Test func argumentsAndEnvironmentArriveAsTheyAre() throws {
        let program = Program(
            bin: "/bin/sh".bytes,
            arguments: ["/bin/sh", "-c", #"printf '[%s]' "$@"; env"#, "name", "a b", "", "*"]
                .map(\.bytes))
        var changed = program
        changed.environment = [
            EnvironmentVariable(name: "A".bytes, value: "2 3".bytes),
            EnvironmentVariable(name: "B".bytes, value: []),
        ]
        changed.workingDirectory = "/usr".bytes
        _ = try run([changed])
        let text = text(output)
        #expect(text.hasPrefix("[a b][][*]"))
        #expect(text.contains("A=2 3\\x0a"))
        #expect(text.contains("B=\\x0a"))
        #expect(text.contains("PWD=/usr\\x0a"))
    }

    @Test func aSignalIsNamed() throws {
        #expect(try run([shell("kill -SEGV $$")]) == .ended(status: 139))
        #expect(complaints == ["bake: error: '/bin/sh' was killed by signal 11 (SIGSEGV)"])
    }

    @Test func aWriterThatLosesItsReaderIsNotNamed() throws {
        _ = try run([shell("while :; do echo y; done", .pipe), shell("head -n 1")])
        #expect(complaints.isEmpty)
    }

    @Test func whatDoesNotEndInItsGraceTimeIsKilled() throws {
        let stubborn = shell("trap '' TERM; while :; do sleep 0.05; done", .background)
        #expect(try run([stubborn, shell("sleep 0.2; exit 5")]) == .ended(status: 5))
        #expect(
            complaints == ["bake: warning: '/bin/sh' did not end in time and is killed"])
    }

    @Test func aProgramHasItsLimitsBeforeThoseOfAll() throws {
        let files = ResourceLimit(name: "nofile".bytes, resource: 7, soft: 50, hard: 60)
        let core = ResourceLimit(name: "core".bytes, resource: 4, soft: 0, hard: 0)
        let program = shell("ulimit -Sn; ulimit -Hn; ulimit -c") {
            $0.limits = [ResourceLimit(name: "nofile".bytes, resource: 7, soft: 20, hard: 30)]
        }
        _ = try run([program, shell("ulimit -Sn")], limits: [files, core])
        #expect(text(output) == "20\\x0a30\\x0a0\\x0a50\\x0a")
    }

    @Test func aLimitThatCannotBeSetIsSaid() throws {
        let program = shell("true") {
            $0.limits = [ResourceLimit(name: "x".bytes, resource: 99, soft: 1, hard: 1)]
        }
        #expect(try run([program]) == .ended(status: 126))
        #expect(
            complaints == [
                "bake: error: cannot run '/bin/sh': cannot set its limits: Invalid argument"
            ])
    }

    /// Errors of a program that nobody reads: PID 1 must not wait for room in a pipe it empties
    /// itself. The reader comes late, and again whenever there was nothing to read.
    @Test func aFullPipeDoesNotStopTheSupervisor() throws {
        makeNonBlocking(errors.writeEnd)
        let full = Bytes(repeating: 0x2e, count: 1 << 16)
        while write(errors.writeEnd, full, full.count) > 0 {}
        let reader = try spawn(
            SpawnRequest(
                path: "/bin/sh".bytes,
                arguments: ["sh", "-c", "sleep 0.5; while :; do cat; sleep 0.02; done"]
                    .map(\.bytes),
                environment: [], directory: "/".bytes,
                descriptors: StandardDescriptors(
                    input: errors.readEnd, output: nothing, error: nothing),
                takesTerminal: false))
        let noisy = shell("yes | head -c 200000 >&2; sleep 0.1", .background)
        let missing = Program(bin: "/no/such".bytes, arguments: ["/no/such".bytes])
        #expect(try run([noisy, shell("sleep 0.2"), missing]) == .ended(status: 127))
        kill(reader, SIGKILL)
        waitpid(reader, nil, 0)
    }

    @Test func aProgramIsGivenUpAfterItsLimit() throws {
        let program = shell("exit 3") {
            $0.restart = .onFailure
            $0.restart.limit = 1
        }
        #expect(try run([program]) == .ended(status: 3))
        #expect(
            complaints == [
                "bake: note: '/bin/sh' ended with status 3, next start in 1 s",
                "bake: error: '/bin/sh' was started again once and ended with status 3: giving up",
            ])
    }

    @Test func aPipeIsStartedAgainAsAWhole() throws {
        let writer = shell("sleep 1.5; printf w >&2", .pipe)
        let reader = shell("exit 1") {
            $0.restart = .onFailure
            $0.restart.limit = 1
        }
        // The writer of the first start is told to end, so that one of the two writes.
        #expect(try run([writer, reader]) == .ended(status: 1))
        let complaints = complaints
        #expect(complaints.last == "w")
        #expect(complaints.filter { $0.contains("w") && !$0.contains("bake") }.count == 1)
    }

    @Test func aProgramThatFailsIsStartedAgain() throws {
        // Twice: the first failure costs a second, the second start succeeds.
        let mark = "/tmp/bake-guest-test-\(getpid())"
        defer { unlink(mark) }
        let program = shell("test -e \(mark) && exit 0; : > \(mark); exit 1") {
            $0.restart = .onFailure
        }
        #expect(try run([program]) == .ended(status: 0))
    }
}
