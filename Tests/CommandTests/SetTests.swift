import Foundation
import TestSupport
import Testing

/// `bake set` on an image with a real kernel.
@Suite struct SetTests {
    private let scratch: TemporaryDirectory

    init() throws {
        scratch = try TemporaryDirectory()
        try BusyboxTree.make(at: scratch.path("tree"))
        try scratch.write(
            #"{"rc":[{"bin":"/bin/busybox","argv":["env"]}],"env":{"A":"1","B":"2"}}"#,
            to: "rumpconfig.json")
        let bake = try bake(["-R", "tree", "-c", "rumpconfig.json", "-o", "x.img"])
        #expect(bake.status == 0, "\(bake.stderrText)")
    }

    @discardableResult
    private func bake(_ arguments: [String]) throws -> ProcessResult {
        try StagedBake.run(arguments, in: scratch.path)
    }

    @discardableResult
    private func set(_ arguments: [String]) throws -> [String: Any] {
        let result = try bake(["set", "x.img", "--json"] + arguments)
        #expect(result.status == 0, "\(result.stderrText)")
        let verified = try bake(["verify", "x.img"])
        #expect(verified.status == 0, "\(verified.stderrText)")
        return try #require(
            try JSONSerialization.jsonObject(with: result.stdout) as? [String: Any])
    }

    private func patch(_ report: [String: Any]) throws -> String {
        let data = try JSONSerialization.data(
            withJSONObject: try #require(report["patch"]), options: [.sortedKeys])
        return String(decoding: data, as: UTF8.self)
    }

    @Test func setUnsetResetAndFiles() throws {
        var report = try set(["hostname=web-1", "env.PORT=8080", "--unset", "env.A"])
        #expect(report["way"] as? String == "inPlace")
        #expect(try patch(report) == #"{"env":{"A":null,"PORT":"8080"},"hostname":"web-1"}"#)
        report = try set(["--dry-run", "hostname=other"])
        #expect(report["way"] as? String == "unchanged")
        report = try set([])
        #expect(try patch(report) == #"{"env":{"A":null,"PORT":"8080"},"hostname":"web-1"}"#)
        try scratch.write(#"{"hostname":"file","env":{"A":"again"}}"#, to: "more.json")
        report = try set(["-c", "more.json", "--unset", "env.PORT", "hostname=flag"])
        #expect(try patch(report) == #"{"env":{"A":"again"},"hostname":"flag"}"#)
        report = try set(["--reset"])
        #expect(try patch(report) == "{}")
    }

    @Test(arguments: [
        (["hostname=-5"], Int32(65), "bake: error: 'hostname' must be a host name"),
        (["net=[{"], 64, "begins like JSON"),
        (["hostnam=x"], 65, "did you mean 'hostname'?"),
        (["hostname"], 64, "bake set wants KEY=VALUE, not 'hostname'"),
        (["net..mtu=1"], 64, "bake set wants KEY=VALUE, not 'net..mtu=1'"),
        (["--unset", "."], 64, "--unset wants a key such as env.PORT, not '.'"),
        (["-c", "missing.json"], 66, "cannot read 'missing.json'"),
        (["-c", "broken.json"], 65, "broken.json:2:"),
    ])
    func refusedWithoutATrace(arguments: [String], status: Int32, message: String) throws {
        try scratch.write("{\n\"hostname\": }", to: "broken.json")
        let before = try Data(contentsOf: scratch.url("x.img"))
        let result = try bake(["set", "x.img"] + arguments)
        #expect(result.status == status)
        #expect(result.stderrText.contains(message), "\(result.stderrText)")
        #expect(try Data(contentsOf: scratch.url("x.img")) == before)
    }

    @Test func whatIsNoImageIsLeftAlone() throws {
        try scratch.write("hello", to: "text")
        let text = try bake(["set", "text", "hostname=x"])
        #expect(text.status == 65)
        #expect(text.stderrText.contains("is not an image that bake wrote"), "\(text.stderrText)")
        #expect(try bake(["set", "missing.img", "hostname=x"]).status == 66)
    }

    /// More than the room takes: the image is written anew, and takes patches again.
    @Test func withoutRoomTheImageIsWrittenAnew() throws {
        let variables = (0..<300).map { "\"V\($0)\":\"\(String(repeating: "x", count: 100))\"" }
        try scratch.write(
            "{\"env\":{\(variables.joined(separator: ","))},\"hostname\":\"big\"}", to: "big.json")
        try set(["env.B=set"])
        var report = try set(["-c", "big.json"])
        #expect(report["way"] as? String == "rewritten")
        #expect(try patch(report) == "{}")
        let settings = try #require(report["settings"] as? [String: Any])
        #expect((settings["env"] as? [String: Any])?.count == 302)
        #expect((settings["env"] as? [String: Any])?["B"] as? String == "set")
        report = try set(["hostname=small"])
        #expect(report["way"] as? String == "inPlace")
        #expect(try patch(report) == #"{"hostname":"small"}"#)
        let names = try FileManager.default.contentsOfDirectory(atPath: scratch.path)
        #expect(names.sorted() == ["big.json", "rumpconfig.json", "tree", "x.img"])
    }

    /// Many at the same time: each is done, or says that another one was there.
    @Test func manyAtOnce() async throws {
        let statuses = try await withThrowingTaskGroup(of: (Int, ProcessResult).self) { group in
            for number in 0..<12 {
                group.addTask {
                    (number, try bake(["set", "x.img", "-q", "env.N\(number)=\(number)"]))
                }
            }
            return try await group.reduce(into: [Int: ProcessResult]()) { $0[$1.0] = $1.1 }
        }
        let report = try set([])
        let settings = try #require(report["settings"] as? [String: Any])
        let environment = try #require(settings["env"] as? [String: Any])
        for (number, result) in statuses {
            if result.status == 0 {
                #expect(environment["N\(number)"] as? String == "\(number)")
            } else {
                #expect(result.status == 1)
                #expect(result.stderrText.contains("another 'bake set'"), "\(result.stderrText)")
                #expect(environment["N\(number)"] == nil)
            }
        }
        #expect(statuses.values.contains { $0.status == 0 })
    }

    /// Signed by sbsign, as for Secure Boot.
    @Test func aSignatureIsSaidToBreak() throws {
        for command in [
            [
                "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=test",
                "-keyout", "key.pem", "-out", "cert.pem", "-days", "2",
            ],
            ["sbsign", "--key", "key.pem", "--cert", "cert.pem", "--output", "x.img", "x.img"],
            ["sbverify", "--cert", "cert.pem", "x.img"],
        ] {
            let result = try runProcess(command, in: scratch.path)
            #expect(result.status == 0, "\(result.stderrText)")
        }
        let result = try bake(["set", "x.img", "hostname=x"])
        #expect(result.status == 0)
        #expect(result.stderrText.contains("the signature no longer holds"), "\(result.stderrText)")
        let broken = try runProcess(
            ["sbverify", "--cert", "cert.pem", "x.img"], in: scratch.path)
        #expect(broken.status != 0)
        #expect(try bake(["verify", "x.img"]).status == 0)
    }
}
