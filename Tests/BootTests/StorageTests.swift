import Foundation
import TestSupport
import Testing

/// Every way to store the tree boots and gives back the same bytes; `root` and `verify` do what
/// they say. What a boot can prove at once, it does.
@Suite(.serialized)
struct StorageTests {
    private static let probe = """
        #!/bin/busybox sh
        bb=/bin/busybox
        echo "root: $($bb awk '$2 == "/" { print $3 }' /proc/mounts)"
        echo "data: $($bb sha256sum < /data | $bb cut -c 1-64)"
        if echo x 2>/dev/null > /new; then echo "written"; else echo "not written"; fi
        for device in /sys/block/dm-*; do
            [ -e "$device" ] && echo "verity: $($bb cat $device/dm/uuid)"
        done
        exit 0

        """

    private static let tree = Result { () throws -> TemporaryDirectory in
        let scratch = try TemporaryDirectory()
        try BusyboxTree.make(at: scratch.path("tree"), scripts: ["bin/probe": probe])
        let words = (0..<100_000).map { "\($0 * 7919 % 100_003) " }.joined()
        try scratch.make([.file("tree/data", words), .noise("tree/data", byteCount: 300_000)])
        return scratch
    }

    struct Way: Sendable, CustomTestStringConvertible {
        var flags: [String]
        var configuration = ""
        var root = "overlay"
        var canWrite = true
        var hasVerity = true

        var testDescription: String { (flags + [configuration]).joined(separator: " ") }
    }

    private static let ways = [
        Way(
            flags: ["--compression", "gzip"], configuration: #""root":"ro""#,
            canWrite: false),
        Way(flags: ["--compression", "xz"], configuration: #""verify":"off""#, hasVerity: false),
        Way(flags: ["--compression", "lz4:12", "--block-size", "1M"]),
        Way(flags: ["--compression", "none", "--block-size", "4K"]),
        Way(flags: ["--blob", "tar"], root: "tmpfs", hasVerity: false),
    ]

    @Test(arguments: ways)
    func boots(way: Way) throws {
        let tree = try Self.tree.get()
        let scratch = try TemporaryDirectory()
        let program = #""rc":[{"bin":"/bin/probe"}]"#
        let settings = [program, way.configuration].filter { !$0.isEmpty }
        try scratch.write("{\(settings.joined(separator: ","))}", to: "rumpconfig.json")
        let image = scratch.path("app.img")
        let bake = try StagedBake.run(
            ["-R", tree.path("tree"), "-c", scratch.path("rumpconfig.json"), "-o", image]
                + way.flags)
        #expect(bake.status == 0, "\(bake.stderrText)")
        let result = try StagedBake.run(["run", "--accel", "tcg", image])
        #expect(result.status == 0, "\(result.stderrText)")
        let sum = try runProcess(["sha256sum", tree.path("tree/data")]).stdoutText.prefix(64)
        var lines = result.stdoutText.split(separator: "\n").map(String.init)
        let verity = lines.filter { $0.hasPrefix("verity: ") }
        lines.removeAll { $0.hasPrefix("verity: ") }
        #expect(
            lines == [
                "root: \(way.root)", "data: \(sum)", way.canWrite ? "written" : "not written",
            ])
        #expect(verity.count == (way.hasVerity ? 1 : 0), "\(verity)")
        #expect(verity.allSatisfy { $0.hasPrefix("verity: CRYPT-VERITY") }, "\(verity)")
    }
}
