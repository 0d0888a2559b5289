import Foundation
import TestSupport
import Testing

/// The command on the host and PID 1's binary, as they are staged, decide alike about every
/// configuration of the corpus.
@Suite struct VerdictTests {
    @Test func hostAndGuestDecideAlike() throws {
        let cases = try ConfigurationCorpus.cases()
        #expect(cases.count > 50)
        for sample in cases {
            let scratch = try TemporaryDirectory()
            let file = scratch.path("rumpconfig.json")
            try Data(sample.configuration).write(to: URL(fileURLWithPath: file))
            for (suffix, bytes) in sample.companions {
                try Data(bytes).write(to: URL(fileURLWithPath: "\(file)\(suffix)"))
            }
            let expected = try String(
                contentsOf: ConfigurationCorpus.verdictFile(of: sample.name), encoding: .utf8)

            let guest = try runProcess([
                try StagedBake.part("lib/bake/bake-init"), "--verdict", file,
            ])
            #expect(guest.stdoutText == "== rumpconfig.json\n\(expected)", "\(sample.name)")
            #expect(guest.status == 0)

            let host = try StagedBake.run(["config", "verdict", file])
            #expect(host.stdoutText == expected, "\(sample.name)")
            #expect(host.stderrText.isEmpty, "\(sample.name): \(host.stderrText)")
            #expect(host.status == (sample.isRefused ? 65 : 0), "\(sample.name)")
        }
    }
}
