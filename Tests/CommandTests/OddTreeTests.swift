import Foundation
import TestSupport
import Testing

/// Odd trees, rows of docs/faults.md, through the whole tool.
@Suite struct OddTreeTests {
    private let scratch: TemporaryDirectory

    init() throws {
        scratch = try TemporaryDirectory()
        try scratch.make([.directory("tree")])
    }

    /// Names are bytes: the same word composed and decomposed, in capitals, and what is no text.
    private static let names: [[UInt8]] = [
        Array("caf".utf8) + [0xc3, 0xa9], Array("cafe".utf8) + [0xcc, 0x81], Array("CAFE".utf8),
        Array("cafe".utf8), [0xff, 0xfe],
    ]

    @Test func row15NamesThatLookAlike() throws {
        for (index, name) in Self.names.enumerated() {
            try scratch.make([.file(HostName(bytes: Array("tree/".utf8) + name), "\(index)")])
        }
        let baked = try BakedTree(["-R", "tree"], in: scratch)
        let listed = try runProcess(["rdsquashfs", "-d", baked.blob]).stdout
        try expectNames(
            in: listed.split(separator: UInt8(ascii: "\n")).map { line in
                Array(line.split(separator: UInt8(ascii: " "))[1])
            })
    }

    @Test func row15NamesThatLookAlikeInATar() throws {
        for (index, name) in Self.names.enumerated() {
            try scratch.make([.file(HostName(bytes: Array("tree/".utf8) + name), "\(index)")])
        }
        _ = try BakedTree(["-R", "tree", "--blob", "tar"], in: scratch)
        let unpacked = try TemporaryDirectory()
        let result = try runProcess(
            ["sh", "-c", "lz4 -dcq app.blob | tar -xf - -C \"$0\"", unpacked.path],
            in: scratch.path)
        #expect(result.status == 0, "\(result.stderrText)")
        let listed = try runProcess(
            ["find", ".", "-type", "f", "-printf", "%P\\0"], in: unpacked.path)
        try expectNames(in: listed.stdout.split(separator: 0).map { Array($0) })
    }

    private func expectNames(in found: [[UInt8]]) throws {
        for name in Self.names { #expect(found.contains(name), "\(name)") }
    }

    @Test(arguments: ["squashfs", "tar"])
    func row13NamesTooLongInAnArchive(_ blob: String) throws {
        let name = String(repeating: "n", count: 300)
        let made = try runProcess(
            [
                "python3", "-c",
                """
                import io, sys, tarfile
                archive = tarfile.open("long.tar", "w", format=tarfile.PAX_FORMAT)
                archive.addfile(tarfile.TarInfo("d/" + sys.argv[1]), io.BytesIO())
                archive.close()
                """, name,
            ], in: scratch.path)
        #expect(made.status == 0, "\(made.stderrText)")
        let result = try StagedBake.run(
            ["-R", "long.tar", "--blob", blob, "-o", "app.img"], in: scratch.path)
        #expect(result.status == 65, "\(result.stderrText)")
        #expect(result.stderrText.contains(name), "\(result.stderrText)")
        #expect(result.stderrText.contains("255"), "\(result.stderrText)")
        #expect(!FileManager.default.fileExists(atPath: scratch.path("app.img")))
    }

    @Test func rows21And22TimesBeyondTheFormatAreSaid() throws {
        try scratch.make([
            .file("tree/new"), .file("tree/old"), .time("tree/new", 4_294_967_296),
            .time("tree/old", -1), .time("tree", 1_000_000_000),
        ])
        let baked = try BakedTree(["-R", "tree"], in: scratch)
        #expect(
            baked.words.contains("2 modification times before 1970 or after 2106"),
            "\(baked.words)")
        let listing = try baked.listing()
        #expect(listing.contains("-rw-r--r-- 0/0 0 2106-02-07 06:28 /new"), "\(listing)")
        #expect(listing.contains("-rw-r--r-- 0/0 0 1970-01-01 00:00 /old"), "\(listing)")
    }

    /// Runs a shell's line where it may mount, and `bake` as `$0`.
    private func mounting(_ line: String) throws -> ProcessResult {
        let namespace = geteuid() == 0 ? ["unshare", "-m"] : ["unshare", "-r", "-m"]
        return try runProcess(
            namespace + ["sh", "-c", line, try StagedBake.part("bin/bake")], in: scratch.path)
    }

    @Test func row28MountInsideTheTree() throws {
        try scratch.make([.directory("tree/mnt")])
        let result = try mounting(
            """
            mount -t tmpfs none tree/mnt && echo mounted > tree/mnt/file &&
            "$0" -v -R tree -o app.img && "$0" cat app.img /mnt/file
            """)
        #expect(result.status == 0, "\(result.stderrText)")
        #expect(result.stdoutText == "mounted\n")
        #expect(
            result.stderrText.contains(
                "'tree/mnt' is a mount point; what is mounted there is part of the tree"),
            "\(result.stderrText)")
    }

    @Test func row36ProcInsideTheTree() throws {
        try scratch.make([.directory("tree/proc")])
        let result = try mounting(
            "mount --rbind /proc tree/proc && \"$0\" -R tree -o app.img")
        #expect(result.status == 65, "\(result.stderrText)")
        #expect(
            result.stderrText.contains(
                """
                cannot add 'tree/proc' to the tree: a file system of the running kernel is \
                mounted there, proc
                  hint: leave it out with --one-file-system or --exclude
                """), "\(result.stderrText)")
    }
}
