import Foundation
import TestSupport
import Testing

/// The ways out that messages name: flags that accept what would be refused.
@Suite struct TreeFlagTests {
    private let scratch: TemporaryDirectory

    init() throws {
        scratch = try TemporaryDirectory()
        try scratch.make([.directory("tree")])
    }

    /// Without the list a file has the permissions that setfacl would leave it.
    @Test func dropACL() throws {
        try scratch.make([
            .file("tree/f", "x", mode: 0o640), .accessControlList("tree/f", "u:65534:rw"),
        ])
        let refused = try StagedBake.run(["-R", "tree", "-o", "app.img"], in: scratch.path)
        #expect(refused.status == 65, "\(refused.stderrText)")
        #expect(refused.stderrText.contains("--drop-acl"), "\(refused.stderrText)")
        let baked = try BakedTree(["-v", "-R", "tree", "--drop-acl"], in: scratch)
        #expect(
            baked.words.contains(
                "the access control lists of 1 file were left out (first: 'tree/f')"),
            "\(baked.words)")
        #expect(try baked.listing().contains { $0.hasPrefix("-rw-r----- ") && $0.hasSuffix(" /f") })
    }

    @Test func allowChanging() throws {
        try FaultFileSystem.mounted { faults in
            for (fault, words) in [
                (FaultFileSystem.Fault.shrinks, "it shrank"), (.grows, "it grew"),
                (.modified, "it was written to"),
            ] {
                let tree = faults.path(fault)
                let baked = try BakedTree(["-R", tree, "--allow-changing"], in: scratch)
                #expect(
                    baked.words.contains("'\(tree)/bad': \(words) while it was read"),
                    "\(baked.words)")
                #expect(try baked.content("aaa") == "good\n")
                #expect(try baked.content("zzz") == "good\n")
            }
        }
    }

    @Test func exclude() throws {
        try FaultFileSystem.mounted { faults in
            let tree = faults.path(.listEIO)
            let baked = try BakedTree(["-v", "-R", tree, "--exclude", "/bad"], in: scratch)
            #expect(
                baked.words.contains("1 name of '\(tree)' left out as excluded"), "\(baked.words)")
            #expect(try baked.content("zzz") == "good\n")
        }
    }

    @Test func oneFileSystem() throws {
        try scratch.make([.directory("tree/mnt"), .directory("tree/proc")])
        let namespace = geteuid() == 0 ? ["unshare", "-m"] : ["unshare", "-r", "-m"]
        let line = """
            mount -t tmpfs none tree/mnt && echo mounted > tree/mnt/file &&
            mount --rbind /proc tree/proc &&
            "$0" -v --no-default-etc -R tree --one-file-system -o app.img && "$0" ls app.img /
            """
        let result = try runProcess(
            namespace + ["sh", "-c", line, try StagedBake.part("bin/bake")], in: scratch.path)
        #expect(result.status == 0, "\(result.stderrText)")
        #expect(!result.stdoutText.contains("file"), "\(result.stdoutText)")
        #expect(result.stdoutText.contains("mnt"), "\(result.stdoutText)")
        for name in ["mnt", "proc"] {
            #expect(
                result.stderrText.contains("'tree/\(name)' is on another file system"),
                "\(result.stderrText)")
        }
    }

    @Test func onConflictReplace() throws {
        try scratch.make([
            .directory("upper"), .file("tree/p", "file"), .directory("upper/p"),
            .file("upper/p/x", "x"), .directory("tree/q"), .file("tree/q/x"),
            .file("upper/q", "file"),
        ])
        let baked = try BakedTree(
            ["-v", "-R", "tree", "-R", "upper", "--on-conflict", "replace"], in: scratch)
        #expect(try baked.content("p/x") == "x")
        #expect(try baked.content("q") == "file")
        #expect(
            baked.words.contains("/p, a file of tree, was replaced by that of upper"),
            "\(baked.words)")
        #expect(
            baked.words.contains("/q, a directory of tree, was replaced by that of upper"),
            "\(baked.words)")
    }
}
