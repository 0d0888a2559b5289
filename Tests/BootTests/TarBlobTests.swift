import Foundation
import TestSupport
import Testing

/// A tar by every compressor but lz4, which FidelityTests boots: the guest unpacks it, and so does
/// bake.
@Suite(.serialized)
struct TarBlobTests {
    private static let program = """
        #!/bin/busybox sh
        /bin/busybox sha256sum /bin/busybox
        /bin/busybox stat -c '%a %u:%g' /etc/mode
        exit 7

        """

    @Test(arguments: ["zstd", "gzip", "xz", "none"])
    func boots(compression: String) throws {
        let scratch = try TemporaryDirectory()
        try BusyboxTree.make(at: scratch.path("tree"), scripts: ["bin/program": Self.program])
        try scratch.write("mode", to: "tree/etc/mode")
        let image = scratch.path("tar.img")
        let bake = try StagedBake.run([
            "-R", scratch.path("tree"), "--blob", "tar", "--compression", compression,
            "--chmod", "4610:/etc/mode", "--owner", "0:12", "-o", image, "--", "/bin/program",
        ])
        #expect(bake.status == 0, "\(bake.stderrText)")
        let read = try StagedBake.run(["cat", image, "/etc/mode"])
        #expect(read.stdoutText == "mode", "\(read.stderrText)")
        let sum = try runProcess(["sha256sum", "/bin/busybox"])
        let guest = try StagedBake.run(["run", "--accel", "tcg", image])
        #expect(guest.status == 7, "\(guest.stderrText)")
        #expect(guest.stdoutText == sum.stdoutText + "4610 0:12\n", "\(guest.stderrText)")
    }
}
