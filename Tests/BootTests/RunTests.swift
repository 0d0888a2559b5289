import Foundation
import TestSupport
import Testing

/// `bake run`: overrides, statuses, and bytes that arrive as they left.
@Suite(.serialized)
struct RunTests {
    @Test func argumentsReplaceTheBakedOnesAndTheStatusIsTheProgramsOwn() throws {
        let result = try StagedBake.run([
            "run", "--accel", "tcg", "-e", "GREETING=two  spaces and \"quotes\"", "--hostname",
            "other",
            try ProbeImage.baked.get(), "--", "7", "", "it's", "$HOME \\ {x}",
        ])
        #expect(result.status == 7, "\(result.stderrText)")
        #expect(result.stdoutText.contains("hostname: other\n"))
        #expect(result.stdoutText.contains("greeting: two  spaces and \"quotes\"\n"))
        #expect(result.stdoutText.contains("arguments: 7  it's $HOME \\ {x}\n"))
    }

    @Test func aMissingProgramIs127AndSaysWhich() throws {
        let result = try StagedBake.run([
            "run", "--accel", "tcg", "--set", #"rc=[{"bin":"/bin/absent"}]"#,
            try ProbeImage.baked.get(),
        ])
        #expect(result.status == 127)
        #expect(result.stderrText.contains("/bin/absent"), "\(result.stderrText)")
    }

    /// Binary data through stdin and stdout, more than any pipe or queue holds.
    @Test func bytesTravelIntact() throws {
        var generator = SystemRandomNumberGenerator()
        let sent = Data((0..<3_000_000).map { _ in UInt8.random(in: 0...255, using: &generator) })
        let result = try StagedBake.run(
            [
                "run", "--accel", "tcg", "-i", "--set",
                #"rc=[{"bin":"/bin/busybox","argv":["cat"]}]"#,
                try ProbeImage.baked.get(),
            ], input: sent)
        #expect(result.status == 0, "\(result.stderrText)")
        #expect(result.stdout == sent)
    }

    @Test func dryRunPrintsACommandThatWorksWhenPasted() throws {
        let printed = try StagedBake.run([
            "run", "--accel", "tcg", "--dry-run", try ProbeImage.baked.get(),
        ])
        #expect(printed.status == 0, "\(printed.stderrText)")
        #expect(!printed.stdoutText.contains("-initrd") && !printed.stdoutText.contains("-drive"))
        let scratch = try TemporaryDirectory()
        let pasted = try runProcess(["sh", "-c", printed.stdoutText], in: scratch.path)
        #expect(pasted.stdoutText.contains("hostname: baked-name"), "\(pasted.stderrText)")
    }

    /// The named failure, and no program half started.
    @Test func noDHCPServer() throws {
        let console = try Machine.console([
            "-netdev", "hubport,hubid=0,id=n0", "-device", "virtio-net-pci,netdev=n0,romfile=",
            "-kernel", try ProbeImage.baked.get(), "-append",
            #"{"net":[{"if":"eth0","type":"inet","method":"dhcp"}]}"#,
        ])
        #expect(console.contains("DHCP"), "\(console)")
        #expect(console.contains("eth0"))
        #expect(!console.contains("hostname: baked-name"))
    }

    @Test func anOverrideThatDoesNotParseStopsTheBoot() throws {
        let console = try Machine.console([
            "-kernel", try ProbeImage.baked.get(), "-append", #"{"hostname":"#,
        ])
        #expect(console.contains("bake: error: "), "\(console)")
        #expect(!console.contains("hostname: "))
    }
}
