import Foundation
import TestSupport
import Testing

/// The README's promise: nginx from Debian's packages, one file, a page over HTTP, and below it a
/// lease from a real DHCP server.
@Suite(.serialized)
struct WebServerTests {
    @Test func nginxAnswers() throws {
        let scratch = try TemporaryDirectory()
        let result = try runProcess(
            [
                "\(StagedBake.repository)/samples/nginx/demo.sh", try StagedBake.part("bin/bake"),
                scratch.path("work"),
            ],
            environment: ["PORT": "18080"], timeoutSeconds: 600)
        #expect(result.status == 0, "\(result.stdoutText)\n\(result.stderrText)")
        let page = try String(
            contentsOfFile: "\(StagedBake.repository)/samples/nginx/content/data/www/index.html",
            encoding: .utf8)
        #expect(result.stdoutText.contains(page.trimmingCharacters(in: .whitespacesAndNewlines)))
    }
}
