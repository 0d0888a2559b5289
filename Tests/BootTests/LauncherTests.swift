import Foundation
import TestSupport
import Testing

/// One file alone, started by everything that starts machines.
@Suite(.serialized)
struct LauncherTests {
    @Test(arguments: ["pc", "q35"])
    func runUnderBIOS(machine: String) throws {
        let result = try StagedBake.run(
            ["run", "--accel", "tcg", "--machine", machine, "-i", try ProbeImage.baked.get()],
            input: Data("one\ntwo\n".utf8))
        #expect(result.status == 0, "\(result.stderrText)")
        let lines = Set(result.stdoutText.split(separator: "\n").map(String.init))
        #expect(lines.contains("hostname: baked-name"))
        #expect(lines.contains("greeting: baked greeting"))
        #expect(lines.contains("arguments: 0 baked argument"))
        #expect(lines.contains("root: overlay"))
        #expect(lines.contains("stdin: one") && lines.contains("stdin: two"))
        #expect(
            lines.contains { $0.hasPrefix("verity: CRYPT-VERITY") && $0.hasSuffix("over pmem0") })
        #expect(!result.stdoutText.contains("a line on stderr"))
        #expect(result.stderrText.contains("a line on stderr"))
    }

    @Test(arguments: ["pc", "q35"])
    func runUnderUEFI(machine: String) throws {
        let result = try StagedBake.run(
            [
                "run", "--accel", "tcg", "--machine", machine, "--firmware", "uefi",
                try ProbeImage.baked.get(),
            ])
        #expect(result.status == 0, "\(result.stderrText)")
        #expect(result.stdoutText.contains("hostname: baked-name"))
        let verity = result.stdoutText.split(separator: "\n").first { $0.hasPrefix("verity: ") }
        #expect(verity?.hasSuffix("over loop0") == true, "\(verity ?? "no verity device")")
    }

    @Test func plainQEMU() throws {
        let console = try Machine.console([
            "-kernel", try ProbeImage.baked.get(), "-append",
            #"{"hostname":"other","env":{"GREETING":"hi"}} -- 7 "given argument""#,
        ])
        #expect(ProbeImage.console(console, has: "hostname: other"))
        #expect(ProbeImage.console(console, has: "greeting: hi"))
        #expect(ProbeImage.console(console, has: "arguments: 7 given argument"))
        #expect(ProbeImage.console(console, has: "bake: exited with status 7"))
    }

    @Test func grubLinux() throws {
        let scratch = try TemporaryDirectory()
        let image = try ProbeImage.baked.get()
        try scratch.write(
            """
            serial --unit=0
            terminal_output serial
            linux /app.img console=ttyS0 quiet bake.hostname=from-grub
            boot
            """, to: "iso/boot/grub/grub.cfg")
        try FileManager.default.copyItem(atPath: image, toPath: scratch.path("iso/app.img"))
        try runProcess(["grub-mkrescue", "-o", scratch.path("boot.iso"), scratch.path("iso")])
        let console = try Machine.console(["-cdrom", scratch.path("boot.iso"), "-boot", "d"])
        #expect(ProbeImage.console(console, has: "hostname: from-grub"))
        #expect(ProbeImage.console(console, has: "bake: exited with status 0"))
    }

    @Test func exportedDisk() throws {
        let scratch = try TemporaryDirectory()
        let disk = scratch.path("disk.raw")
        let export = try StagedBake.run(
            ["export", try ProbeImage.baked.get(), "--to", "disk", "-o", disk])
        #expect(export.status == 0, "\(export.stderrText)")
        let console = try Machine.console(
            machine: "q35", memoryMiB: 512,
            [
                "-bios", "/usr/share/ovmf/OVMF.fd",
                "-drive", "file=\(disk),format=raw,if=virtio,snapshot=on",
            ])
        #expect(ProbeImage.console(console, has: "hostname: baked-name"))
        #expect(ProbeImage.console(console, has: "bake: exited with status 0"))
    }

    /// A running guest starts the image that lies in its own tree.
    @Test func kexecFromARunningGuest() throws {
        let scratch = try TemporaryDirectory()
        try BusyboxTree.make(
            at: scratch.path("tree"),
            scripts: [
                "bin/restart": """
                #!/bin/busybox sh
                /sbin/kexec -s -l /inner.img --command-line="console=ttyS0 quiet bake.hostname=by-kexec"
                /sbin/kexec -e

                """
            ])
        try scratch.copyProgramWithLibraries("/sbin/kexec", into: "tree")
        try FileManager.default.copyItem(
            atPath: try ProbeImage.baked.get(), toPath: scratch.path("tree/inner.img"))
        let image = scratch.path("outer.img")
        let bake = try StagedBake.run(
            ["-R", scratch.path("tree"), "-o", image, "--", "/bin/restart"])
        #expect(bake.status == 0, "\(bake.stderrText)")
        let console = try Machine.console(memoryMiB: 512, ["-kernel", image])
        #expect(ProbeImage.console(console, has: "hostname: by-kexec"))
        #expect(ProbeImage.console(console, has: "bake: exited with status 0"))
    }
}
