import Foundation
import TestSupport

/// One image that tells everything about the machine it woke up in; baked once for all boot tests.
enum ProbeImage {
    /// What the program prints, one `key: value` a line on stdout; its first argument is the status
    /// it ends with.
    private static let probe = """
        #!/bin/busybox sh
        bb=/bin/busybox
        echo "hostname: $($bb hostname)"
        echo "greeting: $GREETING"
        echo "arguments: $*"
        echo "root: $($bb awk '$2 == "/" { print $3 }' /proc/mounts)"
        $bb cat /proc/mounts | $bb sed 's/^/mount: /'
        for device in /sys/block/dm-*; do
            echo "verity: $($bb cat $device/dm/uuid) over $($bb ls $device/slaves)"
        done
        echo "configuration: $($bb tr -d ' \\n' < /rumpconfig.json)"
        echo "a line on stderr" >&2
        [ -t 0 ] || $bb sed 's/^/stdin: /'
        exit "${1:-0}"

        """

    /// Holds the image and everything a test adds.
    static let directory = Result { try TemporaryDirectory() }

    /// Path of the image.
    static let baked = Result { () throws -> String in
        let scratch = try directory.get()
        try BusyboxTree.make(at: scratch.path("tree"), scripts: ["bin/probe": probe])
        try scratch.write(
            """
            {
                "rc": [{"bin": "/bin/probe", "argv": ["0", "baked argument"]}],
                "hostname": "baked-name",
                "env": {"GREETING": "baked greeting"}
            }
            """, to: "rumpconfig.json")
        let image = scratch.path("probe.img")
        let result = try StagedBake.run([
            "-R", scratch.path("tree"), "-c", scratch.path("rumpconfig.json"), "-o", image,
        ])
        guard result.status == 0 else {
            throw TestFailure("bake ended with \(result.status): \(result.stderrText)")
        }
        return image
    }

    /// Asks the guest on the console, for launchers that are not ours: no kernel chatter matters.
    static func console(_ text: String, has line: String) -> Bool {
        lines(text).contains { $0.hasSuffix(line) }
    }

    static func lines(_ console: String) -> [Substring] { console.split(separator: "\n") }
}
