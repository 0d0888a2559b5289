import Foundation
import TestSupport
import Testing

/// bake.json in the place of flags, flags on top of it, and what is wrong with either.
@Suite struct RequestFileTests {
    private let scratch: TemporaryDirectory

    init() throws {
        scratch = try TemporaryDirectory()
        try BusyboxTree.make(at: scratch.path("tree"))
        try scratch.make([.directory("other"), .file("other/file", "x"), .directory("sub")])
    }

    /// The merged request, by `--save-request -` of a dry run, without white space.
    private func saved(_ arguments: [String], in directory: String = "") throws -> String {
        let result = try StagedBake.run(
            arguments + ["-n", "-q", "--save-request", "-"], in: scratch.path(directory))
        #expect(result.status == 0, "\(result.stderrText)")
        return result.stdoutText.filter { !$0.isWhitespace }
    }

    @Test func flagsAddToTheFile() throws {
        try scratch.write(
            """
            {"root": ["tree"], "output": "x.img", "owner": "root", "strict": true,
             "env": {"A": "1", "B": "1"}, "exclude": ["*.a"], "hostname": "file", "blob": "tar"}
            """, to: "bake.json")
        #expect(
            try saved([])
                == #"{"blob":"tar","env":{"A":"1","B":"1"},"exclude":["*.a"],"#
                + #""hostname":"file","output":"x.img","owner":"root","root":["tree"],"#
                + #""strict":true}"#)
        #expect(
            try saved([
                "-f", "bake.json", "-R", "other:/srv", "-e", "B=2", "--exclude", "*.b",
                "--hostname", "flag", "--owner", "mapped", "--no-strict", "--blob", "squashfs",
                "-o", "y.img", "--chmod", "700:/srv",
            ])
                == #"{"chmod":["700:/srv"],"env":{"A":"1","B":"2"},"exclude":["*.a","*.b"],"#
                + #""hostname":"flag","output":"y.img","#
                + #""root":["tree",{"target":"/srv","tree":"other"}]}"#)
    }

    @Test func aTreeOfAFlagLeavesTheFileAlone() throws {
        try scratch.write(#"{"root": ["tree"], "output": "x.img"}"#, to: "bake.json")
        #expect(try saved(["-R", "other", "-o", "y"]) == #"{"output":"y","root":["other"]}"#)
        #expect(
            try saved(["--strip", "1", "-R", "sub", "-o", "y"])
                == #"{"output":"y","root":[{"strip":1,"tree":"sub"}]}"#)
    }

    @Test func pathsOfTheFileAreRelativeToIt() throws {
        try scratch.write(#"{"root": ["../tree"], "output": "x.img"}"#, to: "sub/bake.json")
        let result = try StagedBake.run(
            ["-f", "sub/bake.json", "-q", "--save-request", "again.json"], in: scratch.path)
        #expect(result.status == 0, "\(result.stderrText)")
        #expect(FileManager.default.fileExists(atPath: scratch.path("sub/x.img")))
        let again = try String(contentsOf: scratch.url("again.json"), encoding: .utf8)
        #expect(
            again.filter { !$0.isWhitespace }
                == #"{"output":"sub/x.img","root":["sub/../tree"]}"#)
        // Saved elsewhere it means the same: the same image comes of it.
        let first = try Data(contentsOf: scratch.url("sub/x.img"))
        let deeper = try StagedBake.run(
            ["-f", "again.json", "-q", "--save-request", "other/deep.json"], in: scratch.path)
        #expect(deeper.status == 0, "\(deeper.stderrText)")
        let last = try StagedBake.run(["-f", "deep.json", "-q"], in: scratch.path("other"))
        #expect(last.status == 0, "\(last.stderrText)")
        #expect(try Data(contentsOf: scratch.url("sub/x.img")) == first)
    }

    @Test func listingIsTheTreeAsText() throws {
        let result = try StagedBake.run(
            [
                "-R", "other", "--no-default-etc", "--node", "c 0600 0:0 0 /dev/console 5:1",
                "--owner", "7:8", "-n", "--list", "-o", "x",
            ], environment: ["SOURCE_DATE_EPOCH": "1"], in: scratch.path)
        #expect(result.status == 0, "\(result.stderrText)")
        #expect(
            result.stdoutText == """
                d 0755 7:8 1 /
                d 0755 0:0 1 /dev
                c 0600 0:0 0 /dev/console 5:1
                f 0644 7:8 1 /file 1
                d 0755 0:0 1 /proc
                d 0700 0:0 1 /root
                d 0755 0:0 1 /run
                d 0755 0:0 1 /sys
                d 1777 0:0 1 /tmp

                """)
        #expect(!FileManager.default.fileExists(atPath: scratch.path("x")))
    }

    static let usageErrors: [(arguments: [String], words: [String])] = [
        ([], ["no tree was given", "bake.json"]),
        (["-R", "tree"], ["no output", "-o"]),
        (["--strip", "1", "-o", "x"], ["--strip 1", "-R that follows"]),
        (["--strip", "1", "--strip", "2", "-R", "tree", "-o", "x"], ["--strip 1"]),
        (["-R", "a:/../b", "-o", "x"], ["-R 'a:/../b'", "TARGET"]),
        (["-R", "tree", "--exclude", "[a", "-o", "x"], ["--exclude", "'[a'"]),
        (["-R", "tree", "--chmod", "9:/x", "-o", "x"], ["--chmod", "MODE:PATTERN"]),
        (["-R", "tree", "--node", "c x", "-o", "x"], ["--node", "character 3", "0755"]),
        (["-R", "tree", "--owner", "me", "-o", "x"], ["--owner", "UID:GID"]),
        (["-R", "tree", "--on-conflict", "ask", "-o", "x"], ["--on-conflict", "refuse"]),
        (["-R", "tree", "--package", "-x", "-o", "x"], ["--package"]),
        (["--package=-x y", "-o", "x"], ["--package", "NAME=VERSION"]),
        (["-R", "tree", "--blob", "erofs", "-o", "x"], ["--blob", "squashfs"]),
        (["-R", "tree", "--compression", "gzip:10", "-o", "x"], ["--compression", "1 to 9"]),
        (["-R", "tree", "--block-size", "100K", "-o", "x"], ["--block-size", "power of two"]),
        (["-R", "tree", "--default-etc", "d", "--no-default-etc", "-o", "x"], ["exclude each"]),
        (["-R", "tree", "--json", "--list", "-o", "x"], ["stdout"]),
    ]

    @Test(arguments: usageErrors)
    func usage(_ test: (arguments: [String], words: [String])) throws {
        let result = try StagedBake.run(test.arguments, in: scratch.path)
        #expect(result.status == 64, "\(result.stderrText)")
        for word in test.words {
            #expect(result.stderrText.contains(word), "no '\(word)' in: \(result.stderrText)")
        }
        #expect(result.stdoutText.isEmpty)
        #expect(!FileManager.default.fileExists(atPath: scratch.path("x")))
    }

    @Test func whatIsWrongWithTheFile() throws {
        try scratch.write("{\n  \"root\": [\"tree\"],\n  \"exclude\": [\"[a\"]\n}", to: "bake.json")
        let result = try StagedBake.run(["-o", "x"], in: scratch.path)
        #expect(result.status == 65)
        #expect(result.stderrText.contains("bake.json:3:15: error: 'exclude[0]'"))
        try scratch.write(#"{"output": "x"}"#, to: "bake.json")
        let treeless = try StagedBake.run([], in: scratch.path)
        #expect(treeless.status == 64)
        #expect(treeless.stderrText.contains("'bake.json' names none"), "\(treeless.stderrText)")
        let missing = try StagedBake.run(["-f", "absent.json"], in: scratch.path)
        #expect(missing.status == 66)
        #expect(missing.stderrText.contains("'absent.json'"), "\(missing.stderrText)")
    }

    /// Every flag is in the help, with words of its own.
    @Test func help() throws {
        let result = try StagedBake.run(["build", "--help"])
        #expect(result.status == 0)
        let flags = [
            "--root", "--strip", "--file", "--package", "--suite", "--mirror", "--variant",
            "--refresh-packages", "--install", "--sysroot", "--node", "--edit", "--exclude",
            "--chmod", "--owner", "--on-conflict", "--allow-missing", "--allow-changing",
            "--drop-acl", "--one-file-system", "--strict", "--no-image-config",
            "--no-default-etc", "--default-etc", "--list", "--save-request",
            "--check-reproducible", "--format", "--drop-xattrs", "--jobs",
        ]
        for flag in flags {
            #expect(result.stdoutText.contains(flag), "\(flag)")
        }
        #expect(result.stdoutText.split(separator: "\n").allSatisfy { $0.count <= 80 })
    }
}
