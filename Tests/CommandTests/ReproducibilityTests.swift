import Foundation
import TestSupport
import Testing

/// The same input is the same bytes, whoever bakes it, wherever, and when.
@Suite(.serialized)
struct ReproducibilityTests {
    private let scratch: TemporaryDirectory

    init() throws {
        scratch = try TemporaryDirectory()
        try BusyboxTree.make(at: scratch.path("tree"))
        let words = (0..<200_000).map { "\($0 * 7919 % 200_003) " }.joined()
        try scratch.make([
            .directory("tree/many"), .file("tree/words", words),
            .file("tree/ünï", "name"), .file("tree/Zz", "1"), .file("tree/aA", "2"),
            .noise("tree/noise", byteCount: 600_000), .fifo("tree/pipe"),
            .hardLink("tree/words-again", to: "tree/words"),
            .xattr("tree/Zz", name: "user.b", hexadecimal: "01"),
            .xattr("tree/Zz", name: "user.a", hexadecimal: "02"),
        ])
        try scratch.make((0..<200).map { .file(HostName("tree/many/file-\($0)"), "\($0)") })
        try scratch.make([.allTimes(1_700_000_000), .time("tree/words", 1_600_000_000)])
        try scratch.write(#"{"cmdline":"/bin/sh"}"#, to: "rumpconfig.json")
    }

    /// Bakes with a shell's line around it and returns the image.
    private func bake(
        _ flags: [String], tree: String = "tree", output: String = "app.img",
        around line: String = #"exec "$@""#, environment: [String: String] = [:],
        in directory: String? = nil
    ) throws -> Data {
        let result = try runProcess(
            [
                "sh", "-c", line, "sh", try StagedBake.part("bin/bake"), "-q", "--no-reuse", "-R",
                scratch.path(tree), "-c", scratch.path("rumpconfig.json"), "-o",
                scratch.path(output),
            ] + flags, environment: environment, in: directory ?? scratch.path)
        #expect(result.status == 0, "\(result.stderrText)")
        return try Data(contentsOf: scratch.url(output))
    }

    /// Bakes a copy of the tree as a user to whom all of it belongs.
    private func bakeAsNobody(_ flags: [String]) throws -> Data {
        let made = try runProcess(
            ["sh", "-c", "cp -a tree theirs && mkdir out && chown -R 65534:65534 theirs out"],
            in: scratch.path)
        #expect(made.status == 0, "\(made.stderrText)")
        return try bake(
            flags, tree: "theirs", output: "out/app.img",
            around: #"exec setpriv --reuid=65534 --regid=65534 --clear-groups -- "$@""#,
            environment: ["BAKE_CACHE": try TestKernel.copy(toCacheIn: scratch)])
    }

    /// The tree once more, its directories filled in another order.
    private func copyInReverse() throws {
        let names = try runProcess(["find", ".", "-depth", "-print0"], in: scratch.path("tree"))
        try FileManager.default.createDirectory(
            atPath: scratch.path("copy"), withIntermediateDirectories: false)
        let sorted = names.stdout.split(separator: 0).map { Data($0) }
            .sorted { String(decoding: $0, as: UTF8.self) > String(decoding: $1, as: UTF8.self) }
        let copy = try runProcess(
            [
                "tar", "--create", "--no-recursion", "--xattrs", "--xattrs-include=*", "--null",
                "--files-from=-", "--file=\(scratch.path("copy.tar"))",
            ], input: Data(sorted.joined(separator: [0])), in: scratch.path("tree"))
        #expect(copy.status == 0, "\(copy.stderrText)")
        let unpack = try runProcess(
            [
                "tar", "--extract", "--preserve-permissions", "--xattrs", "--xattrs-include=*",
                "--delay-directory-restore", "--file=\(scratch.path("copy.tar"))",
            ], in: scratch.path("copy"))
        #expect(unpack.status == 0, "\(unpack.stderrText)")
    }

    @Test(arguments: ["squashfs", "tar"])
    func sameBytesWhateverSurroundsTheBake(blob: String) throws {
        let flags = ["--blob", blob]
        let first = try bake(flags)
        #expect(try bake(flags, output: "again.img") == first, "another name, another time")
        #expect(
            try bake(flags, around: #"umask 077; exec "$@""#) == first, "another umask")
        let elsewhere = ["TZ": "Asia/Kathmandu", "LANG": "tr_TR.UTF-8", "LC_ALL": "C"]
        #expect(
            try bake(flags, environment: elsewhere, in: "/") == first,
            "another time zone, language and directory")
        #expect(
            try bake(flags, around: #"exec taskset -c 0 "$@""#) == first, "one processor")
        #expect(
            try bake(flags, around: #"NO_FAKE_STAT=1 exec faketime -f +1y "$@""#) == first,
            "a year later")
        if geteuid() == 0 {
            #expect(try bakeAsNobody(flags) == first, "another user, whose tree it is")
        }
        try copyInReverse()
        // Where the tree came from is not in the image.
        #expect(try bake(flags, tree: "copy") == first, "another order in the directories")
    }

    @Test(arguments: ["squashfs", "tar"])
    func sourceDateEpochClampsTimes(blob: String) throws {
        let flags = ["--blob", blob]
        let epoch = ["SOURCE_DATE_EPOCH": "1650000000"]
        let clamped = try bake(flags, environment: epoch)
        try scratch.make([.time("tree/Zz", 1_690_000_000), .time("tree/aA", 1_800_000_000)])
        #expect(try bake(flags, environment: epoch) == clamped, "later times make no difference")
        try scratch.make([.time("tree/words", 1_600_000_001)])
        #expect(try bake(flags, environment: epoch) != clamped, "earlier ones are kept")
    }
}
