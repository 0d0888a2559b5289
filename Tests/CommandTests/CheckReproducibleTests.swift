import Foundation
import TestSupport
import Testing

/// `bake build --check-reproducible`, with real bakes.
@Suite(.serialized)
struct CheckReproducibleTests {
    private let scratch: TemporaryDirectory
    /// Not in the tree, nor beside it.
    private let outputs: TemporaryDirectory

    init() throws {
        scratch = try TemporaryDirectory()
        outputs = try TemporaryDirectory()
        try BusyboxTree.make(at: scratch.path("tree"))
        try scratch.make([.noise("tree/noise", byteCount: 600_000), .file("tree/note", "first")])
        try scratch.make((0..<50).map { .file(HostName("tree/many-\($0)"), "\($0)") })
    }

    private func check(_ flags: [String], _ arguments: [String] = []) throws -> ProcessResult {
        let result = try StagedBake.run(
            ["-R", "tree", "-o", outputs.path("app.img"), "--check-reproducible"] + flags + ["--"]
                + (arguments.isEmpty ? ["/bin/sh"] : arguments), in: scratch.path)
        #expect(FileManager.default.fileExists(atPath: outputs.path("app.img")), "it stays")
        let names = try FileManager.default.contentsOfDirectory(atPath: outputs.path)
        #expect(names == ["app.img"], "nothing else does")
        return result
    }

    @Test(arguments: ["squashfs", "tar"])
    func theSameBytes(blob: String) throws {
        let result = try check(
            ["--blob", blob, "--exclude", "many-7", "-e", "A=ü", "--chmod", "600:note"],
            ["/bin/sh", "-c", "true"])
        #expect(result.status == 0, "\(result.stderrText)")
        for word in [
            "the same bytes", "umask", "time zone", "locale", "clock", "directory entries",
            "threads", "not changed: ",
        ] {
            #expect(result.stderrText.contains(word), "no '\(word)' in \(result.stderrText)")
        }
    }

    @Test func randomEditsAreNamed() throws {
        let result = try check([
            "--json", "--edit", "head -c 10 /dev/urandom > /etc/random",
        ])
        #expect(result.status == 1, "\(result.stderrText)")
        #expect(result.stderrText.contains("/etc/random: "), "\(result.stderrText)")
        let document = try #require(
            try JSONSerialization.jsonObject(with: result.stdout) as? [String: Any])
        let reproducibility = try #require(document["reproducibility"] as? [String: Any])
        #expect(reproducibility["isSame"] as? Bool == false)
        let differences = try #require(reproducibility["differences"] as? [[String: Any]])
        #expect(differences.map { $0["path"] as? String } == ["/etc/random"])
        #expect(differences.map { $0["part"] as? String } == ["blob"])
        #expect((differences[0]["what"] as? String)?.contains("content") == true)
        #expect((differences[0]["offset"] as? Int) ?? 0 > 1_000_000)
    }

    /// Runs a check that `body` is in the middle of: the first bake has ended, the second has not.
    private func check(_ flags: [String], meanwhile body: (Process) throws -> Void) throws
        -> (status: Int32, messages: String)
    {
        let messages = scratch.url("messages")
        try Data().write(to: messages)
        let bake = Process()
        bake.executableURL = URL(fileURLWithPath: try StagedBake.part("bin/bake"))
        bake.currentDirectoryURL = URL(fileURLWithPath: scratch.path)
        bake.arguments =
            ["-R", "tree", "-o", outputs.path("app.img"), "--check-reproducible"] + flags
            + ["--", "/bin/sh"]
        bake.standardError = try FileHandle(forWritingTo: messages)
        try bake.run()
        while bake.isRunning {
            let names = try FileManager.default.contentsOfDirectory(atPath: outputs.path)
            if names.contains(where: { $0.hasPrefix(".bake-again-") }) { break }
            usleep(1000)
        }
        #expect(bake.isRunning, "it ended too early")
        try body(bake)
        bake.waitUntilExit()
        return (bake.terminationStatus, try String(contentsOf: messages, encoding: .utf8))
    }

    @Test func changedFilesAreNamed() throws {
        let result = try check(["--blob", "tar"]) { _ in
            try scratch.make([.file("tree/new", "x")])
            try scratch.write("other", to: "tree/note")
        }
        #expect(result.status == 1, "\(result.messages)")
        #expect(result.messages.contains("/new: only in the second image"), "\(result.messages)")
        #expect(result.messages.contains("/note: "), "\(result.messages)")
        #expect(!result.messages.contains("/noise"), "\(result.messages)")
    }

    @Test func interruptedInBetween() throws {
        let result = try check([]) { bake in
            usleep(200_000)
            kill(bake.processIdentifier, SIGTERM)
        }
        #expect(result.status == 130, "\(result.messages)")
        let names = try FileManager.default.contentsOfDirectory(atPath: outputs.path)
        #expect(names == ["app.img"])
    }

    @Test func notOfADryRun() throws {
        let result = try StagedBake.run(
            ["-R", "tree", "-o", "x", "-n", "--check-reproducible"], in: scratch.path)
        #expect(result.status == 64)
        #expect(result.stderrText.contains("--dry-run"))
    }
}
