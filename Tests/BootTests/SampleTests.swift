import Foundation
import TestSupport
import Testing

/// samples/hello as its README has it, from an installation elsewhere.
@Suite(.serialized)
struct SampleTests {
    @Test func helloFromAnInstalledBake() throws {
        let scratch = try TemporaryDirectory()
        let repository = StagedBake.repository
        let prefix = scratch.path("usr")
        let staged = try StagedBake.part("bin/bake")
        try FileManager.default.copyItem(
            atPath: "\(repository)/.build/out", toPath: prefix)
        #expect(FileManager.default.isExecutableFile(atPath: staged))
        let bake = "\(prefix)/bin/bake"
        let build = try runProcess([
            "\(repository)/samples/hello/build.sh", scratch.path("hello"),
        ])
        #expect(build.status == 0, "\(build.stderrText)")
        let baked = try runProcess([
            bake, "-R", scratch.path("hello/tree"),
            "-c", "\(repository)/samples/hello/rumpconfig.json", "-o", scratch.path("hello.img"),
        ])
        #expect(baked.status == 0, "\(baked.stderrText)")
        #expect(baked.stderrText.contains("memory  needs "), "\(baked.stderrText)")

        let asBaked = try runProcess([bake, "run", "--accel", "tcg", scratch.path("hello.img")])
        #expect(asBaked.status == 0, "\(asBaked.stderrText)")
        #expect(asBaked.stdoutText.hasPrefix("hello from hello\nargument 1: baked\n"))

        let overridden = try runProcess([
            bake, "run", "--accel", "tcg", "-e", "GREETING=moin", scratch.path("hello.img"), "--",
            "--status", "7",
        ])
        #expect(overridden.status == 7, "\(overridden.stderrText)")
        #expect(overridden.stdoutText.hasPrefix("moin from hello\n"))
    }
}
