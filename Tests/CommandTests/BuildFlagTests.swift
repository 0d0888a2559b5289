import Foundation
import TestSupport
import Testing

/// What is typed becomes the baked configuration, and `bake inspect` shows it.
@Suite struct BuildFlagTests {
    private let scratch: TemporaryDirectory

    init() throws {
        scratch = try TemporaryDirectory()
        try BusyboxTree.make(at: scratch.path("tree"))
    }

    /// The baked configuration, by `bake inspect --json`, without spaces and line ends.
    private func configuration(of arguments: [String]) throws -> String {
        let bake = try StagedBake.run(
            arguments, environment: ["INHERITED": "from here"], in: scratch.path)
        #expect(bake.status == 0, "\(bake.stderrText)")
        #expect(bake.stdoutText.isEmpty)
        let result = try StagedBake.run(["inspect", "--json", "x.img"], in: scratch.path)
        #expect(result.status == 0, "\(result.stderrText)")
        let document = try JSONSerialization.jsonObject(with: result.stdout) as? [String: Any]
        let text = try #require(document?["configuration"] as? String)
        let value = try JSONSerialization.jsonObject(with: Data(text.utf8))
        let compact = try JSONSerialization.data(
            withJSONObject: value, options: [.sortedKeys, .withoutEscapingSlashes])
        return String(decoding: compact, as: UTF8.self)
    }

    @Test func flagsAlone() throws {
        let text = try configuration(of: [
            "-R", "tree", "-e", "A=1", "-e", "B=x y=z", "-e", "INHERITED", "--hostname", "h", "-o",
            "x.img", "--", "/bin/busybox", "echo", "two words", "",
        ])
        #expect(
            text == #"{"env":{"A":"1","B":"x y=z","INHERITED":"from here"},"hostname":"h","#
                + #""rc":[{"argv":["echo","two words",""],"bin":"/bin/busybox"}]}"#)
    }

    @Test func flagsOverAFile() throws {
        try scratch.write(
            #"{"cmdline":"/bin/sh -c true","hostname":"file","env":{"A":"file","C":"kept"}}"#,
            to: "rumpconfig.json")
        let text = try configuration(of: [
            "build", "-R", "tree", "-c", "rumpconfig.json", "-e", "A=flag", "-o", "x.img", "--",
            "/bin/busybox",
        ])
        #expect(
            text == #"{"env":{"A":"flag","C":"kept"},"hostname":"file","#
                + #""rc":[{"argv":[],"bin":"/bin/busybox"}]}"#)
    }

    @Test func aKernelCommandLineThatIsTooLong() throws {
        let result = try StagedBake.run(
            [
                "-R", "tree", "--kernel-cmdline", String(repeating: "a", count: 3000), "-o",
                "x.img", "--", "/bin/sh",
            ], in: scratch.path)
        #expect(result.status == 65)
        #expect(result.stderrText.contains("the kernel takes 2047"), "\(result.stderrText)")
        #expect(!FileManager.default.fileExists(atPath: scratch.path("x.img")))
    }
}
