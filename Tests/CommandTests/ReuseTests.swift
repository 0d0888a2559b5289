import Foundation
import TestSupport
import Testing

/// Baking again with what an earlier bake left: the image it replaces, and bake's cache.
@Suite struct ReuseTests {
    private let scratch: TemporaryDirectory
    private let kernel: String

    init() throws {
        scratch = try TemporaryDirectory()
        kernel = try TestKernel.newest().image
        let words = (0..<200_000).map { "\($0 * 7919 % 200_003) " }.joined()
        try scratch.make([
            .directory("tree"), .file("tree/words", words),
            .noise("tree/noise", byteCount: 900_000), .file("tree/app", "#!/bin/sh\n", mode: 0o755),
        ])
        try scratch.make((0..<50).map { .file(HostName("tree/\($0)"), "\($0)") })
    }

    private func run(_ flags: [String], output: String = "app.img") throws -> ProcessResult {
        try StagedBake.run(
            ["--no-default-etc", "-R", "tree", "-k", kernel, "-o", output] + flags,
            environment: ["BAKE_CACHE": scratch.path("cache")], in: scratch.path)
    }

    /// - Returns: the report's `reuse` and its `warnings`.
    private func bake(
        _ flags: [String] = [], output: String = "app.img"
    ) throws -> (reuse: [String: Any]?, warnings: [String], notes: [String]) {
        let result = try run(flags + ["--json"], output: output)
        try #require(result.status == 0, "\(result.stderrText)")
        let report = try #require(
            try JSONSerialization.jsonObject(with: result.stdout) as? [String: Any])
        return (
            report["reuse"] as? [String: Any], try #require(report["warnings"] as? [String]),
            try #require(report["notes"] as? [String])
        )
    }

    /// The image as it is without any other, and that this one is the same.
    private func expectFirstBake(_ output: String = "app.img") throws {
        _ = try bake(["--no-reuse"], output: "first.img")
        let isSame =
            try Data(contentsOf: scratch.url(output)) == Data(contentsOf: scratch.url("first.img"))
        #expect(isSame)
    }

    private func byteCount(_ reuse: [String: Any]?) -> Int { reuse?["byteCount"] as? Int ?? -1 }

    private func indices() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: scratch.path("cache/blobs"))
            .map { scratch.path("cache/blobs/\($0)") }
    }

    @Test func theImageThatIsReplacedIsReused() throws {
        let first = try bake()
        #expect(first.reuse == nil)
        try scratch.write("new", to: "tree/0-new")
        let said = try run([])
        #expect(said.stderrText.contains("  reused  "), "\(said.stderrText)")
        #expect(said.stderrText.contains(" of app.img\n"))
        try expectFirstBake()
        let again = try bake()
        #expect(again.reuse?["base"] as? String == "app.img")
        #expect(byteCount(again.reuse) > 900_000)
        try expectFirstBake()
        for path in try indices() {
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
            #expect(mode as? Int == 0o600)
        }
    }

    @Test func anotherImageIsReusedAndOnlyRead() throws {
        _ = try bake(output: "old.img")
        try scratch.make([.mode("old.img", 0o444)])
        let old = try Data(contentsOf: scratch.url("old.img"))
        let trusting = try bake(["--base", "old.img", "--trust", "stat"])
        #expect(trusting.reuse?["base"] as? String == "old.img")
        #expect(byteCount(trusting.reuse) > 900_000)
        try expectFirstBake()
        #expect(try Data(contentsOf: scratch.url("old.img")) == old)
    }

    /// Old files of this machine, which are known by their times.
    @Test func filesAreTrustedByTheirTimes() throws {
        let system = ["-R", "/usr/lib/locale/C.utf8:/locale"]
        _ = try bake(system)
        let again = try bake(system + ["--trust", "stat"])
        #expect(byteCount(again.reuse) > 900_000)
        _ = try bake(system + ["--no-reuse"], output: "first.img")
        let image = try Data(contentsOf: scratch.url("app.img"))
        let isSame = try Data(contentsOf: scratch.url("first.img")) == image
        #expect(isSame)
    }

    @Test func damageIsSaidAndMadeGood() throws {
        _ = try bake()
        let whole = try Data(contentsOf: scratch.url("app.img"))
        // Somewhere in the noise, which is stored as it is.
        let noise = Data(TemporaryDirectory.noise(byteCount: 900_000)[500_000..<500_064])
        var damaged = whole
        damaged[try #require(whole.firstRange(of: noise)).lowerBound] ^= 1
        try damaged.write(to: scratch.url("app.img"))
        let again = try bake()
        #expect(
            again.warnings.contains("'app.img' is damaged: one of its blocks was made anew"),
            "\(again.warnings)")
        #expect(byteCount(again.reuse) > 100_000)
        #expect(try Data(contentsOf: scratch.url("app.img")) == whole)
        #expect(try StagedBake.run(["verify", "app.img"], in: scratch.path).status == 0)
    }

    @Test func whatTheCacheDoesNotKnowIsNoBase() throws {
        _ = try bake()
        let reason = "nothing was reused from 'app.img': bake's cache does not know"
        let path = try #require(try indices().first)
        let index = try Data(contentsOf: URL(fileURLWithPath: path))
        for remains in [index.dropLast(40), Data(), nil] {
            if let remains {
                try remains.write(to: URL(fileURLWithPath: path))
            } else {
                try FileManager.default.removeItem(atPath: scratch.path("cache/blobs"))
            }
            let again = try bake()
            #expect(again.reuse == nil || byteCount(again.reuse) == 0)
            #expect(again.notes.contains { $0.hasPrefix(reason) }, "\(again.notes)")
            #expect(again.warnings.allSatisfy { !$0.contains("reused") })
        }
        try expectFirstBake()
        _ = try bake()
        let other = try bake(["--compression", "zstd:1"])
        let otherwise = "nothing was reused from 'app.img': it was compressed in another way"
        #expect(other.notes.contains(otherwise), "\(other.notes)")
    }

    @Test func aBaseThatIsNoImage() throws {
        try scratch.write("text", to: "text")
        let foreign = try bake(["--base", "text"])
        #expect(foreign.warnings.contains { $0.hasPrefix("nothing was reused from 'text'") })
        try expectFirstBake()
        let missing = try run(["--base", "none.img"])
        #expect(missing.status == 66)
        #expect(missing.stderrText.contains("cannot read 'none.img': No such file or directory"))
        #expect(try run(["--base", "text", "--no-reuse"]).status == 64)
        #expect(try run(["--trust", "me"]).status == 64)
    }

    /// Both read the image that one of them replaces first.
    @Test func twoBakesAtOnce() async throws {
        _ = try bake()
        try scratch.write("new", to: "tree/0-new")
        try await withThrowingTaskGroup { group in
            for _ in 0..<2 {
                group.addTask {
                    let result = try run(["-q"])
                    #expect(result.status == 0, "\(result.stderrText)")
                }
            }
            try await group.waitForAll()
        }
        try expectFirstBake()
        #expect(byteCount(try bake().reuse) > 900_000)
    }
}
