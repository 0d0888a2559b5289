import Foundation
import TestSupport
import Testing

/// What `--format initrd` writes, unpacked by a real kernel that starts the tree's own /init.
@Suite(.serialized)
struct InitrdTests {
    /// Prints a line a check. Nothing is mounted, so it asks the kernel's first root file system.
    private static let initProgram = """
        #!/bin/busybox sh
        bb=/bin/busybox
        is() {
            if [ "$2" = "$3" ]; then echo "ok: $1"; else echo "FAILED: $1: '$2', not '$3'"; fi
        }
        stat() { $bb stat -c "$@" 2>&1; }
        cd /
        is 'names of one file' "$(stat '%i %h' f/one)" "$(stat '%i' z/three) 3"
        is 'their content' "$($bb cat f/one f/two z/three)" 'sharedsharedshared'
        is 'names of one device' "$(stat '%i %h' dev/first)" "$(stat '%i' dev/second) 2"
        is 'names of one link' "$($bb readlink one-link) $($bb readlink other-link)" 'f/one f/one'
        is 'names of an empty file' "$(stat '%s %h' nothing nothing-too)" "$(printf '0 2\\n0 2')"
        is 'character device' "$(stat '%F %t:%T %a' dev/first)" 'character special file 1:5 640'
        is 'block device' "$(stat '%F %t:%T %u:%g' dev/disk)" 'block special file fff:fffff 0:6'
        is 'fifo' "$(stat '%F %a' pipe)" 'fifo 600'
        is 'socket' "$(stat '%F %a' socket)" 'socket 755'
        is 'setuid' "$(stat '%a' setuid)" '4755'
        is 'sticky' "$(stat '%a' tmp)" '1777'
        is 'owner' "$(stat '%u:%g' home)" '1000:4294967294'
        is 'time of a file' "$(stat '%Y' f/one)" '1600000000'
        is 'time of a directory with files' "$(stat '%Y' f)" '1500000000'
        is 'root' "$(stat '%Y' .)" '1400000000'
        is 'empty file' "$(stat '%F %s' empty)" 'regular empty file 0'
        is 'name of 255 bytes' "$($bb cat $($bb cat long-name))" 'long'
        is 'path of 4095 bytes' "$(stat '%a' "$($bb cat long-path)")" '711'
        is 'name with a newline' "$($bb cat "$(printf 'odd\\nname')")" 'odd'
        is 'large file' "$($bb sha256sum < noise)" "$($bb cat noise-digest)"
        is 'sparse file' "$(stat '%s' holes) $($bb tail -c 3 holes)" '1000003 end'
        echo 'all checks made'
        $bb poweroff -f

        """

    private static let checkCount = 21

    private static let longName = String(repeating: "n", count: 255)

    /// 4095 bytes: 16 names of 255 and the slashes between them.
    private static let longPath = [String](
        repeating: String(repeating: "p", count: 255), count: 16
    ).joined(separator: "/")

    private static let nodes = [
        "c 0640 0:0 0 /dev/first 1:5 = /dev/second", "b 0660 0:6 0 /dev/disk 4095:1048575",
        "c 0600 0:0 0 /dev/console 5:1", "p 0600 0:0 0 /pipe", "s 0755 0:0 0 /socket",
        "d 0700 1000:4294967294 0 /home", "l 0777 0:0 0 /one-link -> f/one = /other-link",
    ]

    private static func tree() throws -> TemporaryDirectory {
        let scratch = try TemporaryDirectory()
        try BusyboxTree.make(at: scratch.path("tree"), scripts: ["init": initProgram])
        try scratch.make([
            .directory("tree/f"), .directory("tree/z"), .directory("tree/tmp"),
            .mode("tree/tmp", 0o1777),
            .file("tree/f/one", "shared"), .hardLink("tree/f/two", to: "tree/f/one"),
            .hardLink("tree/z/three", to: "tree/f/one"), .file("tree/nothing"),
            .hardLink("tree/nothing-too", to: "tree/nothing"), .file("tree/empty"),
            .file("tree/setuid", "x"), .mode("tree/setuid", 0o4755),
            .file(HostName("tree/\(longName)"), "long"), .file("tree/long-name", longName),
            .file("tree/odd\nname", "odd"), .file("tree/long-path", "\(longPath)\n"),
            // More than a block of the legacy framing, which is 8 MiB.
            .noise("tree/noise", byteCount: 9_000_000),
            .sparseFile("tree/holes", byteCount: 1_000_003, end: "end"),
        ])
        let digest = try runProcess(
            ["sh", "-c", "sha256sum < noise > noise-digest"], in: scratch.path("tree"))
        guard digest.status == 0 else { throw TestFailure(digest.stderrText) }
        try scratch.make([
            .allTimes(1_600_000_000), .time("tree/f", 1_500_000_000), .time("tree", 1_400_000_000),
        ])
        return scratch
    }

    private static let shared = Result { try tree() }

    @Test(arguments: ["zstd", "gzip", "lz4", "xz:0", "none"])
    func theKernelUnpacksAllOfIt(compression: String) throws {
        let scratch = try Self.shared.get()
        let initrd = scratch.path("initrd-\(compression)")
        let bake = try StagedBake.run(
            ["-R", "tree", "--no-default-etc", "--format", "initrd", "-o", initrd]
                + ["--compression", compression] + Self.nodes.flatMap { ["--node", $0] }
                + ["--node", "d 0711 0:0 0 /\(Self.longPath)"], in: scratch.path)
        #expect(bake.status == 0, "\(bake.stderrText)")
        #expect(!bake.stderrText.contains("warning"), "\(bake.stderrText)")
        let console = try Machine.console([
            "-kernel", try TestKernel.newest().image, "-initrd", initrd, "-append",
            "console=ttyS0 quiet panic=-1 no_timer_check",
        ])
        try FileManager.default.removeItem(atPath: initrd)
        let lines = ProbeImage.lines(console)
        #expect(ProbeImage.console(console, has: "all checks made"), "\(console)")
        #expect(!console.contains("FAILED: "), "\(console)")
        let passed = lines.filter { $0.hasPrefix("ok: ") }
        #expect(passed.count == Self.checkCount, "\(console)")
    }
}
