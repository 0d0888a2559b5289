import Foundation
import TestSupport
import Testing

/// Bakes that end at random moments, and two at once: rows 40 to 42 of docs/faults.md, and row 50,
/// what holds when the power fails.
@Suite struct CrashTests {
    /// Twenty-five of each here; the page has a table of a thousand.
    @Test(arguments: [["--kill", "25"], ["--int", "25"], ["--term", "25", "--hup", "25"]])
    func endedAtRandomMoments(_ counts: [String]) throws {
        try expectOldOrNew(counts)
    }

    @Test func twoAtOnce() throws {
        try expectOldOrNew(["--pairs", "10"])
    }

    private func expectOldOrNew(_ counts: [String]) throws {
        let result = try runProcess(
            ["/usr/bin/python3", "\(StagedBake.repository)/scripts/interrupt-bakes"] + counts)
        #expect(result.status == 0, "\(result.stdoutText)\(result.stderrText)")
    }

    /// Content, then name, then the directory's list of names, each on the disk before the next.
    @Test func row50OrderOfSyncing() throws {
        let scratch = try TemporaryDirectory()
        try BusyboxTree.make(at: scratch.path("tree"))
        try scratch.write("the old image", to: "out/app.img")
        let result = try runProcess(
            [
                "strace", "-f", "-y", "-o", "trace", "-e",
                "trace=pwrite64,copy_file_range,ftruncate,fsync,linkat,rename,renameat,renameat2",
                try StagedBake.part("bin/bake"), "-q", "-R", "tree", "-o", "out/app.img", "--",
                "/bin/sh",
            ], in: scratch.path)
        #expect(result.status == 0, "\(result.stderrText)")
        let lines = try String(contentsOf: scratch.url("trace"), encoding: .utf8)
            .split(separator: "\n").map(String.init)
        func last(_ call: String, _ words: String...) throws -> Int {
            let found = lines.lastIndex { line in
                line.contains(" \(call)(") && words.allSatisfy(line.contains)
            }
            return try #require(found, "no \(call) with \(words) in\n\(result.stderrText)")
        }
        let out = scratch.path("out")
        let steps = [
            try last("ftruncate", "<\(out)/"), try last("fsync", "<\(out)/", "(deleted)"),
            try last("linkat", "\"out/.app.img.bake-"),
            try last("rename", "\"out/.app.img.bake-", "\"out/app.img\""),
            try last("fsync", "<\(out)>"),
        ]
        #expect(steps == steps.sorted(), "\(lines)")
        // Nothing of the image is written once it was synced.
        for call in ["pwrite64", "copy_file_range"] {
            let write = lines.lastIndex { $0.contains(" \(call)(") && $0.contains("<\(out)/") }
            #expect(write.map { $0 < steps[1] } ?? true)
        }
    }
}
