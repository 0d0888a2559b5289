import Foundation
import TestSupport
import Testing

/// `bake shell` and `--edit`, the built command.
@Suite struct ShellTests {
    private let scratch: TemporaryDirectory

    init() throws {
        scratch = try TemporaryDirectory()
        try BusyboxTree.make(at: scratch.path("base"))
        try scratch.write("old", to: "base/srv/changed")
        try scratch.write("old", to: "base/srv/removed")
    }

    private func bake(
        _ arguments: [String], input: String = "", status: Int32 = 0
    ) throws -> ProcessResult {
        let result = try StagedBake.run(
            arguments, input: Data(input.utf8), in: scratch.path, timeoutSeconds: 120)
        #expect(result.status == status, "\(arguments): \(result.stderrText)")
        return result
    }

    private let commands = """
        set -e
        echo new >/srv/changed; rm /srv/removed; echo x >/srv/added; chmod 4750 /srv/added
        """

    /// The saved archive, read by tar, and as one more tree.
    @Test func savesWhatChanged() throws {
        let result = try bake(
            ["shell", "-R", "base", "--save", "edit.tar", "--", "/bin/sh", "-c", commands])
        #expect(
            result.stderrText == """
                + /srv/added
                ~ /srv/changed
                - /srv/removed
                1 added, 1 changed, 1 removed: edit.tar

                """)
        #expect(result.stdoutText == "")
        let listed = try runProcess(
            ["tar", "-tvf", "edit.tar", "--numeric-owner", "--utc"], in: scratch.path)
        let lines = listed.stdoutText.split(separator: "\n").map { line in
            line.split(separator: " ").joined(separator: " ")
        }
        #expect(
            Set(lines) == [
                "-rw-r--r-- 0/0 0 1970-01-01 00:00 srv/.wh.removed",
                "-rwsr-x--- 0/0 2 1970-01-01 00:00 srv/added",
                "-rw-r--r-- 0/0 4 1970-01-01 00:00 srv/changed",
            ])
        let list = try bake([
            "build", "-R", "base", "-R", "edit.tar", "-o", "app.img", "--dry-run", "--list",
        ]).stdoutText
        #expect(list.contains("f 4750 0:0 0 /srv/added 2\n"))
        #expect(list.contains("f 0644 0:0 0 /srv/changed 4\n"))
        #expect(!list.contains("/srv/removed"))
        // The tree itself is as it was.
        #expect(
            try String(contentsOf: scratch.url("base/srv/changed"), encoding: .utf8) == "old")
    }

    @Test func sameBytesAgain() throws {
        for name in ["one.tar.zst", "two.tar.zst"] {
            _ = try bake(
                ["shell", "-R", "base", "--save", name, "--", "/bin/sh", "-c", commands])
            sleep(1)
        }
        #expect(
            try Data(contentsOf: scratch.url("one.tar.zst"))
                == Data(contentsOf: scratch.url("two.tar.zst")))
    }

    /// Without a program, the shell reads what it is to do from standard input; its status is that
    /// of its last command and does not count.
    @Test func shellOnStandardInput() throws {
        let result = try bake(
            ["shell", "-R", "base", "--save", "edit.tar.gz", "--json"],
            input: "echo said; echo 1 >/one; false\n")
        let json = try JSONSerialization.jsonObject(with: result.stdout) as? [String: Any]
        #expect(json?["added"] as? [String] == ["/one"])
        #expect(json?["saved"] as? String == "edit.tar.gz")
        #expect(result.stderrText.contains("said\n"))
    }

    @Test func nothingChanged() throws {
        try scratch.write("old", to: "edit.tar")
        let result = try bake(
            ["shell", "-R", "base", "--save", "edit.tar", "--", "/bin/busybox", "true"])
        #expect(result.stderrText == "nothing was changed; 'edit.tar' was not written\n")
        #expect(try String(contentsOf: scratch.url("edit.tar"), encoding: .utf8) == "old")
    }

    @Test(
        arguments: [
            (["--save", "dir"], 65, "cannot save to 'dir': its name is not that of a tar archive"),
            (["--save", "nowhere/x.tar"], 73, "nowhere"),
            (
                ["--save", "edit.tar", "--", "/bin/sh", "-c", "exit 3"], 1,
                "the edit '/bin/sh -c exit 3' ended with status 3"
            ),
        ] as [([String], Int32, String)])
    func refusals(_ arguments: [String], _ status: Int32, _ message: String) throws {
        try scratch.write("old", to: "edit.tar")
        let result = try bake(["shell", "-R", "base"] + arguments, status: status)
        #expect(result.stderrText.contains(message), "\(result.stderrText)")
        #expect(try String(contentsOf: scratch.url("edit.tar"), encoding: .utf8) == "old")
        let names = try FileManager.default.contentsOfDirectory(atPath: scratch.path)
        #expect(names.sorted() == ["base", "edit.tar"])
    }

    @Test func failingEditKeepsTheOldImage() throws {
        try scratch.write("old", to: "app.img")
        let result = try bake(
            ["build", "-R", "base", "--edit", "exit 9", "-o", "app.img"], status: 1)
        #expect(result.stderrText.contains("the edit 'exit 9' ended with status 9"))
        #expect(try String(contentsOf: scratch.url("app.img"), encoding: .utf8) == "old")
    }

    /// What runs is ended, the copy removed, nothing saved.
    @Test(arguments: [SIGTERM, SIGHUP]) func interruption(_ signal: Int32) throws {
        let bake = Process()
        bake.executableURL = URL(fileURLWithPath: try StagedBake.part("bin/bake"))
        bake.currentDirectoryURL = URL(fileURLWithPath: scratch.path)
        let seconds = "\(Int.random(in: 1_000_000..<100_000_000))"
        bake.arguments = [
            "shell", "-R", "base", "--save", "edit.tar", "--", "/bin/busybox", "sleep", seconds,
        ]
        bake.standardInput = FileHandle.nullDevice
        bake.standardError = FileHandle.nullDevice
        try bake.run()
        while bake.isRunning, try !isRunning("^/bin/busybox sleep \(seconds)") { usleep(10_000) }
        #expect(bake.isRunning, "it ended before it could be interrupted")
        kill(bake.processIdentifier, signal)
        bake.waitUntilExit()
        #expect(bake.terminationStatus == 130)
        #expect(try !isRunning("sleep \(seconds)"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path) == ["base"])
    }

    private func isRunning(_ pattern: String) throws -> Bool {
        try runProcess(["pgrep", "-f", pattern]).status == 0
    }
}
