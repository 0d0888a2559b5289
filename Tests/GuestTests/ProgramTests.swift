import CGuest
import Testing

@testable import BakeContract
@testable import bake_init

@Suite struct ProgramSearchTests {
    @Test(arguments: [
        ("sh", "/bin:/usr/bin", ["/bin/sh", "/usr/bin/sh"]),
        ("./sh", "/bin", ["./sh"]), ("/bin/sh", "/usr/bin", ["/bin/sh"]),
        ("sh", ":/bin", ["sh", "/bin/sh"]), ("sh", "", ["sh"]),
    ])
    func candidates(program: String, searchPath: String, paths: [String]) {
        #expect(
            candidatePaths(for: program.bytes, searchPath: searchPath.bytes) == paths.map(\.bytes))
    }

    @Test(arguments: [
        ("/a", "/b", "/a"), ("a", "/b", "/b/a"), ("a", "/", "/a"), ("./a", "/b/", "/b/./a"),
    ])
    func absolutePaths(path: String, directory: String, expected: String) {
        #expect(absolute(path.bytes, from: directory.bytes) == expected.bytes)
    }
}

@Suite struct ExecutionObstacleTests {
    private func head(of path: String) throws -> Bytes {
        try LinuxSystem().read(path.bytes, limit: programHeadByteCount)
    }

    @Test func theInterpreterOfARealProgram() throws {
        // This test itself is dynamically linked.
        #expect(
            interpreter(ofProgram: try head(of: "/proc/self/exe"))
                == "/lib64/ld-linux-x86-64.so.2".bytes)
        #expect(elfMachine(try head(of: "/proc/self/exe")) == elfMachineX86_64)
    }

    @Test func aStaticProgramHasNone() throws {
        #expect(interpreter(ofProgram: try head(of: "/bin/busybox")) == nil)
    }

    @Test(arguments: [
        ("#!/bin/sh\n", "/bin/sh"), ("#! /usr/bin/env python3\n", "/usr/bin/env"),
        ("#!/bin/sh", "/bin/sh"), ("#!\n", nil), ("#", nil), ("", nil),
    ])
    func scripts(text: String, path: String?) {
        #expect(interpreter(ofProgram: text.bytes) == path?.bytes)
    }

    @Test func damagedHeadersAreNoTrap() throws {
        let whole = try head(of: "/proc/self/exe")
        for byteCount in [0, 1, 4, 16, 63, 64, 65, 100, 120, 300] {
            _ = interpreter(ofProgram: Bytes(whole.prefix(byteCount)))
        }
        var wild = whole
        for offset in 32..<40 { wild[offset] = 0xff }
        #expect(interpreter(ofProgram: wild) == nil)
        for offset in 54..<58 { wild[offset] = 0xff }
        #expect(interpreter(ofProgram: wild) == nil)
    }

    private static let script = "#!/usr/bin/python3\n".bytes

    @Test(
        arguments: [
            (ENOENT, nil, nil, false, ExecutionObstacle.missing, 127),
            (ENOTDIR, nil, nil, false, .missing, 127),
            (ENOENT, .file, script, false, .missingInterpreter("/usr/bin/python3".bytes), 127),
            (ENOENT, .file, script, true, .other(.notFound), 126),
            (EACCES, .file, script, true, .notExecutable, 126),
            (EACCES, .directory, nil, true, .directory, 126),
            (ENOEXEC, .file, "echo hi\n".bytes, true, .notAProgram, 126),
            (E2BIG, .file, script, true, .other(Errno(E2BIG)), 126),
        ] as [(Int32, FileKind?, Bytes?, Bool, ExecutionObstacle, Int32)])
    func obstacles(
        code: Int32, kind: FileKind?, head: Bytes?, isThere: Bool, obstacle: ExecutionObstacle,
        status: Int32
    ) {
        let found = ExecutionObstacle(
            errno: Errno(code), path: "/p".bytes, kind: kind, head: head, isThere: { _ in isThere })
        #expect(found == obstacle)
        #expect(found.shellStatus == status)
    }

    @Test func anotherMachineIsNamed() throws {
        var head = try head(of: "/proc/self/exe")
        head[18] = 183
        let obstacle = ExecutionObstacle(
            errno: Errno(ENOEXEC), path: [], kind: .file, head: head, isThere: { _ in true })
        #expect(obstacle == .foreignMachine(183))
    }
}

@Suite struct UserDatabaseTests {
    private let users = UserDatabase(
        passwd: """
            root:x:0:0:root:/root:/bin/sh
            broken:x:no:1::/:
            www-data:x:33:33:www:/var/www:/usr/sbin/nologin

            """.bytes,
        group: "root:x:0:\nadm:x:4:www-data,root\nwww-data:x:33:\nempty:x:44:\n".bytes)

    @Test func aNameBringsItsGroups() {
        let found = users.credentials(for: ProgramUser(user: .name("www-data".bytes), group: nil))
        #expect(found?.user == 33)
        #expect(found?.group == 33)
        #expect(found?.supplementaryGroups == [33, 4])
        #expect(found?.home == "/var/www".bytes)
    }

    @Test func aNamedGroupIsTheOnlyOne() {
        let found = users.credentials(
            for: ProgramUser(user: .name("www-data".bytes), group: .name("empty".bytes)))
        #expect(found?.group == 44)
        #expect(found?.supplementaryGroups == [44])
    }

    @Test func aNumberNeedsNoEntry() {
        let found = users.credentials(for: ProgramUser(user: .number(1000), group: nil))
        #expect(found?.user == 1000)
        #expect(found?.group == 1000)
        #expect(found?.home == [])
    }

    @Test func aNumberWithAnEntryHasItsHome() {
        let found = users.credentials(for: ProgramUser(user: .number(33), group: .number(7)))
        #expect(found?.group == 7)
        #expect(found?.home == "/var/www".bytes)
    }

    @Test(arguments: [
        ProgramUser(user: .name("nobody".bytes), group: nil),
        ProgramUser(user: .name("broken".bytes), group: nil),
        ProgramUser(user: .name("root".bytes), group: .name("nogroup".bytes)),
    ])
    func unknownNames(wanted: ProgramUser) {
        #expect(users.credentials(for: wanted) == nil)
    }
}

@Suite struct ProgramJobTests {
    private func program(
        _ bin: String, _ mode: Program.RunMode = .foreground, _ restart: Program.Restart = .never
    ) -> Program {
        var program = Program(bin: bin.bytes, arguments: [bin.bytes])
        program.runMode = mode
        program.restart = restart
        return program
    }

    @Test func pipesMakeOneJobOfSeveralPrograms() {
        let jobs = ProgramJob.jobs(of: [
            program("a"), program("b", .pipe), program("c", .pipe), program("d"),
            program("e", .background),
        ])
        #expect(
            jobs.map { $0.programs.map(\.bin) } == [
                ["a".bytes], ["b".bytes, "c".bytes, "d".bytes], ["e".bytes],
            ])
        #expect(jobs.map(\.isBackground) == [false, false, true])
    }

    @Test func aPipeIntoNothingStillRuns() {
        #expect(ProgramJob.jobs(of: [program("a", .pipe)]).count == 1)
    }

    @Test func restartsBackOffAndBeginAnew() {
        var job = ProgramJob([program("a", .background, .always)])
        let quick = (0..<8).map { _ in job.sequel(to: 1, endedAt: 10) }
        let delays: [UInt64] = [1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000]
        #expect(quick == delays.map { .again(afterMilliseconds: $0) })
        job.startedAt = 100
        #expect(job.sequel(to: 1, endedAt: 60_100) == .again(afterMilliseconds: 1000))
    }

    @Test func theLimitCountsStartsInARow() {
        var restart = Program.Restart.always
        restart.limit = 2
        restart.delaySeconds = 3
        restart.longestDelaySeconds = 4
        var job = ProgramJob([program("a", .background, restart)])
        #expect(job.sequel(to: 0, endedAt: 1) == .again(afterMilliseconds: 3000))
        #expect(job.sequel(to: 0, endedAt: 1) == .again(afterMilliseconds: 4000))
        #expect(job.sequel(to: 0, endedAt: 1) == .givenUp(startCount: 2))
        #expect(job.sequel(to: 0, endedAt: 60_001) == .again(afterMilliseconds: 3000))
    }

    @Test func anyCountOfStartsHasADelay() {
        var restart = Program.Restart.always
        restart.longestDelaySeconds = 86400
        var job = ProgramJob([program("a", .background, restart)])
        for _ in 0..<100 { _ = job.sequel(to: 1, endedAt: 1) }
        #expect(job.sequel(to: 1, endedAt: 1) == .again(afterMilliseconds: 86_400_000))
    }

    @Test(
        arguments: [
            (Program.Restart.never, 1, false), (.onFailure, 0, false), (.onFailure, 1, true),
            (.always, 0, true),
        ] as [(Program.Restart, Int32, Bool)])
    func whoIsRestarted(restart: Program.Restart, status: Int32, isRestarted: Bool) {
        var job = ProgramJob([program("a", .background, restart)])
        #expect((job.sequel(to: status, endedAt: 0) != .over) == isRestarted)
    }
}
