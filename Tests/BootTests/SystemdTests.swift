import Foundation
import TestSupport
import Testing

/// Debian's systemd as PID 1, from its packages to the end of the machine.
@Suite struct SystemdTests {
    private static let service = """
        [Service]
        Type=oneshot
        StandardOutput=tty
        TTYPath=/dev/console
        ExecStart=/bin/sh -c 'echo "$(cat /proc/1/comm) on $(hostname), root is $(stat -fc %%T /)"'
        ExecStartPost=/bin/systemctl --no-block poweroff

        """

    @Test func systemdTakesOver() throws {
        let scratch = try TemporaryDirectory()
        let units = "tree/etc/systemd/system"
        try FileManager.default.createDirectory(
            atPath: scratch.path("\(units)/multi-user.target.wants"),
            withIntermediateDirectories: true)
        try scratch.write(Self.service, to: "\(units)/hello.service")
        try FileManager.default.createSymbolicLink(
            atPath: scratch.path("\(units)/multi-user.target.wants/hello.service"),
            withDestinationPath: "../hello.service")
        try scratch.write(
            #"{"init":"/lib/systemd/systemd","hostname":"box"}"#, to: "rumpconfig.json")
        let baked = try StagedBake.run([
            "--package", "systemd-sysv", "--drop-acl", "-R", scratch.path("tree"), "-c",
            scratch.path("rumpconfig.json"), "-o", scratch.path("systemd.img"),
        ])
        #expect(baked.status == 0, "\(baked.stderrText)")
        let result = try StagedBake.run([
            "run", "--accel", "tcg", "-M", "512", "--timeout", "200", scratch.path("systemd.img"),
        ])
        #expect(result.status == 0, "\(result.stderrText)")
        #expect(
            result.stdoutText.contains("systemd on box, root is overlay"), "\(result.stdoutText)")
    }
}
