import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import Launching

/// Machines by their names; the stand-ins are processes of this machine. `bake stop` with a real
/// guest is in BootTests.
@Suite struct MachineTests {
    private let scratch: TemporaryDirectory
    private let directory: MachineDirectory

    init() throws {
        scratch = try TemporaryDirectory()
        directory = MachineDirectory(path: FilePath(scratch.path("bake")))
    }

    private func name(_ text: String) throws -> MachineName { try #require(MachineName(text)) }

    /// Ended with SIGKILL: a test's thread has the other signals blocked, and so has its child.
    private func sleeper() throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sleep")
        process.arguments = ["1000"]
        try process.run()
        return process
    }

    private func machine(_ text: String, _ process: Process) throws -> RunningMachine {
        try #require(
            RunningMachine(
                name: try name(text), pid: process.processIdentifier, graceSeconds: 1,
                image: "/a\nb.img"))
    }

    @Test(arguments: ["web", "a", "0.b_c-D", String(repeating: "x", count: 64)])
    func names(text: String) { #expect(MachineName(text)?.text == text) }

    @Test(arguments: ["", ".a", "-a", "a/b", "a b", "é", "a\n", String(repeating: "x", count: 65)])
    func noNames(text: String) { #expect(MachineName(text) == nil) }

    @Test func aRecordReadsBack() throws {
        let process = try sleeper()
        defer { kill(process.processIdentifier, SIGKILL) }
        let machine = try machine("a", process)
        #expect(RunningMachine(name: machine.name, record: machine.encoded) == machine)
        for count in machine.encoded.indices {
            let cut = Array(machine.encoded.prefix(count))
            #expect(RunningMachine(name: machine.name, record: cut) != machine)
        }
    }

    @Test func aNameIsTakenAsLongAsItsClaimLives() throws {
        let process = try sleeper()
        defer { kill(process.processIdentifier, SIGKILL) }
        do {
            let claim = try MachineClaim(try name("a"), in: directory)
            try claim.write(try machine("a", process))
            #expect(throws: MachineError.nameInUse(try name("a"), pid: nil)) {
                try MachineClaim(try name("a"), in: directory)
            }
            #expect(try directory.machines().map(\.name.text) == ["a"])
            #expect(try directory.machine("\(process.processIdentifier)").name.text == "a")
            _ = claim
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path.string).isEmpty)
        _ = try MachineClaim(try name("a"), in: directory)
    }

    /// What a killed `bake run` leaves: QEMU alive, then QEMU gone too.
    @Test func aMachineWithoutItsLauncher() throws {
        let process = try sleeper()
        try directory.prepare()
        try Data(try machine("a", process).encoded).write(
            to: URL(fileURLWithPath: directory.file(of: try name("a")).string))
        #expect(throws: MachineError.nameInUse(try name("a"), pid: process.processIdentifier)) {
            try MachineClaim(try name("a"), in: directory)
        }
        let machine = try directory.machine("a")
        try machine.stop(in: directory, timeoutSeconds: 0, kills: true)
        process.waitUntilExit()
        #expect(process.terminationStatus == SIGKILL)
        #expect(try directory.machines().isEmpty)
        _ = try MachineClaim(try name("a"), in: directory)
    }

    /// The number is somebody else's by now.
    @Test func aNumberUsedAnewIsNotHit() throws {
        let process = try sleeper()
        defer { kill(process.processIdentifier, SIGKILL) }
        var text = String(decoding: try machine("a", process).encoded, as: UTF8.self)
        let start = try #require(text.range(of: "start "))
        text.insert("1", at: start.upperBound)
        let former = try #require(
            RunningMachine(name: try name("a"), record: Array(text.utf8)))
        #expect(!former.isRunning)
        try former.stop(in: directory, timeoutSeconds: 0, kills: true)
        #expect(process.isRunning)
    }

    /// Nobody answers on the monitor: killed when the time is over, and said so.
    @Test func whatDoesNotEndIsKilled() throws {
        let process = try sleeper()
        try directory.prepare()
        let machine = try machine("a", process)
        let expected = MachineError.killed(machine.name, afterSeconds: 0)
        #expect(throws: expected) { try machine.stop(in: directory, timeoutSeconds: 0) }
        process.waitUntilExit()
        #expect(process.terminationStatus == SIGKILL)
    }

    @Test func aForeignDirectoryIsRefused() throws {
        try FileManager.default.createDirectory(
            atPath: directory.path.string, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o755])
        #expect(throws: MachineError.notPrivate(directory.path)) {
            try MachineClaim(try name("a"), in: directory)
        }
    }

    @Test func whatDoesNotRunIsNotFound() throws {
        #expect(throws: MachineError.noMachine("x", running: [])) { try directory.machine("x") }
    }
}
