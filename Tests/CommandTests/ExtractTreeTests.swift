import Foundation
import Glibc
import TestSupport
import Testing

private let isRoot = geteuid() == 0

/// `bake extract --rootfs`: what is unpacked is what was baked.
@Suite struct ExtractTreeTests {
    private let scratch: TemporaryDirectory

    init() throws {
        scratch = try TemporaryDirectory()
        // Everybody may write beside the image.
        chmod(scratch.path, 0o1777)
        try scratch.make([
            .directory("tree"), .directory("tree/d", mode: 0o1711), .file("tree/d/f", "content"),
            .hardLink("tree/g", to: "tree/d/f"), .symlink("tree/l", to: "/etc/shadow"),
            .file("tree/su", "s", mode: 0o4755), .fifo("tree/p"),
            .sparseFile("tree/sparse", byteCount: 1 << 24, end: "end"),
            .xattr("tree/su", name: "user.note", hexadecimal: "00ff"), .allTimes(1000),
        ])
    }

    private func bake(_ arguments: [String]) throws {
        let result = try StagedBake.run(arguments, in: scratch.path, timeoutSeconds: 120)
        guard result.status == 0 else { throw TestFailure("\(arguments): \(result.stderrText)") }
    }

    /// What find sees of everything.
    private func listing(_ name: String) throws -> String {
        try runProcess(
            [
                "find", name, "-mindepth", "1", "!", "-type", "d", "-printf",
                "%P %y %m %n %s %T@ %l\\n", "-o", "-mindepth", "1", "-printf", "%P %y %m %T@\\n",
            ], in: scratch.path
        ).stdoutText.split(separator: "\n").sorted().joined(separator: "\n")
    }

    @Test(arguments: ["squashfs", "tar"]) func unpacksWhatWasBaked(_ blob: String) throws {
        try bake(["-R", "tree", "--no-default-etc", "--blob", blob, "-o", "app.img"])
        let flag = isRoot ? [] : ["--setuid"]
        try bake(["extract", "app.img", "--rootfs", "out"] + flag)
        for name in ["dev", "proc", "run", "sys", "tmp", "root"] {
            try FileManager.default.removeItem(atPath: scratch.path("out/\(name)"))
        }
        #expect(try listing("out") == listing("tree"))
        let differences = try runProcess(
            ["diff", "-r", "--no-dereference", "tree", "out", "-x", "p"], in: scratch.path)
        #expect(differences.status == 0, "\(differences.stdoutText)")
        let xattr = try runProcess(
            ["getfattr", "-n", "user.note", "-e", "hex", "out/su"], in: scratch.path)
        #expect(xattr.stdoutText.contains("user.note=0x00ff"))
    }

    @Test func anOrdinaryUserIsToldWhatIsMissing() throws {
        let node = "c 0600 0:5 0 /tty9 4:9"
        try bake(["-R", "tree", "--no-default-etc", "--node", node, "-o", "app.img"])
        let scratch = scratch
        let result = try Nobody.run {
            try StagedBake.run(["extract", "app.img", "--rootfs", "out"], in: scratch.path)
        }
        #expect(result.status == 0)
        #expect(result.stderrText.contains("warning: 1 device node was left out (/tty9)"))
        #expect(
            result.stderrText.contains(
                "1 file did not keep its setuid or setgid bit or capabilities (/su)"))
        #expect(!FileManager.default.fileExists(atPath: scratch.path("out/tty9")))
    }

    @Test(
        arguments: [
            (["--rootfs", "full"], 73, "it is not empty"),
            (["--rootfs", "link"], 73, "it is a symbolic link"),
            (["--rootfs", "new", "--max-size", "1M"], 65, "more than the 1048576 allowed"),
            (["--rootfs", "new", "--max-files", "3"], 65, "more than the 3 allowed"),
            (["--rootfs", "new", "kernel"], 64, "either a part and -o"),
            (["kernel"], 64, "either a part and -o"),
        ] as [([String], Int32, String)])
    func refusals(_ arguments: [String], _ status: Int32, _ message: String) throws {
        try bake(["-R", "tree", "--no-default-etc", "-o", "app.img"])
        try scratch.make([
            .directory("full"), .file("full/x", "x"), .directory("empty"),
            .symlink("link", to: "empty"),
        ])
        let result = try StagedBake.run(["extract", "app.img"] + arguments, in: scratch.path)
        #expect(result.status == status && result.stderrText.contains(message))
        let names = try FileManager.default.contentsOfDirectory(atPath: scratch.path).sorted()
        #expect(names == ["app.img", "empty", "full", "link", "tree"])
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path("empty")) == [])
    }

    private func blobOffset(in image: String) throws -> UInt64 {
        let inspected = try StagedBake.run(["inspect", "--json", image], in: scratch.path).stdout
        let json = try JSONSerialization.jsonObject(with: inspected) as? [String: Any]
        let parts = json?["parts"] as? [[String: Any]]
        let blob = parts?.first { $0["name"] as? String == "blob" }
        return UInt64(try #require(blob?["offset"] as? Int))
    }

    /// The blob is checked before anything is written.
    @Test func damagedImage() throws {
        try bake(["-R", "tree", "--no-default-etc", "-o", "app.img"])
        let image = try FileHandle(forUpdating: scratch.url("app.img"))
        try image.seek(toOffset: try blobOffset(in: "app.img") + 200)
        try image.write(contentsOf: Data(repeating: 0x55, count: 100))
        try image.close()
        let result = try StagedBake.run(
            ["extract", "app.img", "--rootfs", "out"], in: scratch.path)
        #expect(result.status == 65, "\(result.stderrText)")
        #expect(!FileManager.default.fileExists(atPath: scratch.path("out")))
    }
}
