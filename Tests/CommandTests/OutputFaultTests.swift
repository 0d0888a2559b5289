import Foundation
import TestSupport
import Testing

/// Outputs that cannot be written to the end, and limits on the process: rows 39 and 47 to 49 of
/// docs/faults.md. It fails with a word about why, and leaves the old image and nothing else.
@Suite struct OutputFaultTests {
    private let scratch: TemporaryDirectory

    init() throws {
        scratch = try TemporaryDirectory()
        try BusyboxTree.make(at: scratch.path("tree"))
        try scratch.make([.noise("tree/noise", byteCount: 3_000_000)])
    }

    /// Each stage that writes beside the output runs out of room above an image that was baked.
    @Test(arguments: [
        (tree: "big.tar", words: "cannot unpack 'big.tar' beside the output"),
        (tree: "big", words: "cannot write the blob"),
        (tree: "tree", words: "cannot write 'small/app.img'"),
    ])
    func row39NoSpaceLeft(tree: String, words: String) throws {
        try scratch.make([.directory("big"), .noise("big/noise", byteCount: 20_000_000)])
        let made = try runProcess(["tar", "-cf", "big.tar", "-C", "big", "."], in: scratch.path)
        #expect(made.status == 0, "\(made.stderrText)")
        let script = """
            mkdir small && mount -t tmpfs -o size=32m none small || exit 99
            "$0" -q -R tree -o small/app.img -- /bin/sh || exit 98
            sha256sum small/app.img > before
            "$0" -q -R tree -R "$1" -o small/app.img -- /bin/sh
            status=$?
            sha256sum --check --quiet before && "$0" verify small/app.img > verified || exit 97
            ls -A small
            exit $status
            """
        let namespace = geteuid() == 0 ? ["unshare", "-m"] : ["unshare", "-r", "-m"]
        let result = try runProcess(
            namespace + ["sh", "-c", script, try StagedBake.part("bin/bake"), tree],
            in: scratch.path)
        #expect(result.status == 73, "\(result.stderrText)")
        #expect(result.stderrText.contains(words), "\(result.stderrText)")
        #expect(result.stderrText.contains("No space left on device"), "\(result.stderrText)")
        #expect(result.stderrText.contains("hint: the old image stays"), "\(result.stderrText)")
        #expect(result.stdoutText == "app.img\n")
    }

    /// The same stages and those that follow, on a file system without files that have no name.
    @Test func row47WritingFails() throws {
        let words: [OutputFileSystem.Fault: [String]] = [
            .blobEIO: ["cannot write the blob", "Input/output error"],
            .blobFull: ["cannot write the blob", "No space left on device"],
            .imageEIO: ["cannot write '", "Input/output error"],
            .imageFull: ["cannot write '", "No space left on device"],
            .syncEIO: ["cannot replace '", "Input/output error"],
            .syncFull: ["cannot replace '", "No space left on device"],
            .renameEIO: ["cannot replace '", "Input/output error"],
        ]
        try OutputFileSystem.mounted { outputs in
            for (fault, words) in words {
                let output = "\(outputs.path(fault))/app.img"
                let result = try bake(to: output)
                let said = "\(fault): \(result.stderrText)"
                #expect(result.status == 73, "\(said)")
                for word in words + [output] {
                    #expect(result.stderrText.contains(word), "\(said)")
                }
                #expect(
                    try String(contentsOfFile: output, encoding: .utf8)
                        == OutputFileSystem.oldImage)
                #expect(try names(in: outputs.path(fault)) == ["app.img"], "\(said)")
            }
        }
    }

    /// Only now the new image stands there, and its name may be lost with the power.
    @Test func row47SyncingTheDirectoryFails() throws {
        try OutputFileSystem.mounted { outputs in
            let output = "\(outputs.path(.directorySyncEIO))/app.img"
            let result = try bake(to: output)
            #expect(result.status == 73, "\(result.stderrText)")
            #expect(
                result.stderrText.contains("cannot be sure to keep the new '\(output)'"),
                "\(result.stderrText)")
            let verified = try StagedBake.run(["verify", output])
            #expect(verified.status == 0, "\(verified.stderrText)")
        }
    }

    /// Where a file that is written has a name, one that was killed leaves it; the next takes it away.
    @Test func row40LeftoversAreRemovedByTheNextBake() throws {
        try OutputFileSystem.mounted { outputs in
            let directory = outputs.path(.none)
            let bake = Process()
            bake.executableURL = URL(fileURLWithPath: try StagedBake.part("bin/bake"))
            bake.arguments = arguments(output: "\(directory)/app.img")
            try bake.run()
            func isNamed(_ name: String) -> Bool { name.hasPrefix(".app.img.bake-") }
            func isWriting() throws -> Bool {
                try FileManager.default.contentsOfDirectory(atPath: directory).contains(
                    where: isNamed)
            }
            while bake.isRunning, try !isWriting() {}
            kill(bake.processIdentifier, SIGKILL)
            bake.waitUntilExit()
            #expect(try names(in: directory).contains(where: isNamed))
            #expect(
                try String(contentsOfFile: "\(directory)/app.img", encoding: .utf8)
                    == OutputFileSystem.oldImage)
            let again = try self.bake(to: "\(directory)/app.img")
            #expect(again.status == 0, "\(again.stderrText)")
            #expect(try names(in: directory) == ["app.img"])
        }
    }

    @Test(arguments: ["squashfs", "tar"])
    func row48FilesHaveALimit(_ blob: String) throws {
        let result = try limited("ulimit -f 2000", ["--blob", blob])
        #expect(result.status == 73, "\(result.stderrText)")
        #expect(result.stderrText.contains("File too large"), "\(result.stderrText)")
        #expect(result.stderrText.contains("hint: "), "\(result.stderrText)")
        #expect(result.stderrText.contains("ulimit -f"), "\(result.stderrText)")
    }

    /// In KiB. Below, the loader finds no place for the libraries.
    @Test(arguments: [131_072, 200_000, 262_144])
    func row49LittleAddressSpace(_ limit: Int) throws {
        let result = try limited("ulimit -v \(limit)")
        #expect(result.status == 1, "\(result.stderrText)")
        #expect(result.stderrText.contains("address space"), "\(result.stderrText)")
        #expect(result.stderrText.contains("ulimit -v"), "\(result.stderrText)")
    }

    @Test func row49FewOpenFiles() throws {
        let result = try limited("ulimit -n 12")
        #expect(result.status == 1, "\(result.stderrText)")
        #expect(result.stderrText.contains("Too many open files"), "\(result.stderrText)")
        #expect(result.stderrText.contains("ulimit -n"), "\(result.stderrText)")
    }

    @Test(arguments: ["ulimit -n 32", "ulimit -v 1000000"])
    func row49EnoughToWorkWith(_ limit: String) throws {
        let result = try runProcess(
            ["sh", "-c", "\(limit); exec \"$@\"", "sh", try StagedBake.part("bin/bake")]
                + arguments(output: "app.img"), in: scratch.path)
        #expect(result.status == 0, "\(result.stderrText)")
    }

    // MARK: Details

    private func arguments(output: String, _ flags: [String] = []) -> [String] {
        ["-q", "-R", scratch.path("tree"), "-o", output] + flags + ["--", "/bin/sh"]
    }

    private func bake(to output: String) throws -> ProcessResult {
        try StagedBake.run(arguments(output: output))
    }

    /// Under a limit of the shell, over an image that stays as it is. Whatever started the tests may
    /// have decided that SIGXFSZ is ignored.
    private func limited(_ limit: String, _ flags: [String] = []) throws -> ProcessResult {
        try scratch.write("the old image", to: "out/app.img")
        let result = try runProcess(
            [
                "env", "--default-signal=XFSZ", "sh", "-c", "\(limit); exec \"$@\"", "sh",
                try StagedBake.part("bin/bake"),
            ] + arguments(output: "out/app.img", flags), in: scratch.path)
        #expect(
            try String(contentsOf: scratch.url("out/app.img"), encoding: .utf8) == "the old image")
        #expect(try names(in: scratch.path("out")) == ["app.img"])
        return result
    }

    /// When libfuse has noticed that files without a name were closed, which takes it a moment.
    private func names(in directory: String) throws -> [String] {
        var names: [String] = []
        for _ in 0..<1000 {
            names = try FileManager.default.contentsOfDirectory(atPath: directory)
            if !names.contains(where: { $0.hasPrefix(".fuse_hidden") }) { break }
            usleep(10_000)
        }
        return names
    }
}
