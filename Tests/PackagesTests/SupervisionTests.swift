import Foundation
import Subprocess
import TestSupport
import Testing
import Tools

@testable import Packages

/// The shell around the work, with other work than mmdebstrap's.
@Suite struct SupervisionTests {
    @Test func workEndsAndItsTreeGoesWhenNobodyWaits() async throws {
        let directory = try TemporaryDirectory()
        let pidFile = directory.path("pid")
        let result = try await run(
            .name("sh"), arguments: ["-c", LayerScript.supervise, "bake", directory.path],
            environment: .inherit.updating([
                "WORK": "mkdir root; echo $$ > root/pid; mv root/pid pid; exec sleep 600"
            ]), input: .inputWriter, output: .discarded, error: .discarded
        ) { execution in
            let worker = try await waitForNumber(in: pidFile)
            #expect(kill(worker, 0) == 0)
            try await execution.standardInputWriter.finish()
            return worker
        }
        #expect(result.terminationStatus == .exited(128 + SIGTERM))
        #expect(kill(result.closureResult, 0) == -1)
        #expect(!FileManager.default.fileExists(atPath: directory.path("root")))
    }

    @Test(arguments: [0, 7]) func workEndsByItself(_ status: Int) async throws {
        let directory = try TemporaryDirectory()
        var messages: [String] = []
        let result = try await runTool(
            "sh", ["-c", LayerScript.supervise, "bake", directory.path],
            environment: ["WORK": "mkdir root; echo working >&2; exit \(status)"]
        ) { messages.append($0) }
        #expect(result.status == status)
        #expect(messages == ["working"])
        #expect(!FileManager.default.fileExists(atPath: directory.path("root")))
    }

    private func waitForNumber(in path: String) async throws -> pid_t {
        for _ in 0..<1000 {
            if let text = try? String(contentsOfFile: path, encoding: .utf8),  // not there yet
                let number = pid_t(text.dropLast())
            {
                return number
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw TestFailure("no number in \(path)")
    }
}
