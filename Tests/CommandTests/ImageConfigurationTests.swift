import Foundation
import TestSupport
import Testing

/// The config commands on an image: its baked configuration, what `bake set` says over that, and
/// its tree.
@Suite struct ImageConfigurationTests {
    private let scratch: TemporaryDirectory

    init() throws {
        scratch = try TemporaryDirectory()
        try BusyboxTree.make(at: scratch.path("tree"))
        try scratch.write(
            #"{"rc":[{"bin":"/bin/busybox"}],"env":{"A":"1"},"sources":["cmdline","smbios"]}"#,
            to: "rumpconfig.json")
        try bake(["-R", "tree", "-c", "rumpconfig.json", "-o", "x.img"])
        try bake(["set", "x.img", "env.A=2", "hostname=room"])
    }

    @discardableResult
    private func bake(_ arguments: [String], status: Int32 = 0) throws -> String {
        let result = try StagedBake.run(arguments, in: scratch.path)
        #expect(result.status == status, "\(result.stderrText)")
        return result.stdoutText
    }

    @Test func explainKnowsTheRoom() throws {
        let text = try bake([
            "config", "explain", "x.img", "--cmdline", "bake.env.A=3", "--fw-cfg",
            "rumpconfig.json", "--plan",
        ])
        for part in [
            """
            env.A = "3"
              kernel command line:1:12
              hides "2" of configuration room:1:13 (bake set)
              hides "1" of rumpconfig.json:1:43 (baked configuration)

            """, "hostname = \"room\"\n  configuration room:1:",
            "'fw_cfg' does not count", "set the host name to room",
        ] {
            #expect(text.contains(part), "no '\(part)' in\n\(text)")
        }
        let json = try bake(["config", "explain", "--json", "x.img"])
        let report = try #require(
            try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
        let settings = try #require(report["settings"] as? [[String: Any]])
        let hostname = try #require(settings.first { $0["key"] as? String == "hostname" })
        #expect(hostname["source"] as? String == "room")
    }

    @Test func lintReadsAllOfAnImage() throws {
        #expect(try bake(["config", "lint", "x.img"]).hasSuffix("x.img: ok\n"))
        // Setting checks shapes alone, as a guest does; lint knows the tree.
        try bake(["set", "x.img", "cmdline=/bin/nothing"])
        let text = try bake(["config", "lint", "x.img"], status: 65)
        #expect(text.contains("/bin/nothing"), "\(text)")
        #expect(text.contains("is not in the tree"), "\(text)")
    }
}
