import SystemPackage
import TestSupport
import Testing

@testable import Baking

/// What is not the same in two images is named: a part, or a file of the tree.
@Suite("Images compared") struct ImageComparisonTests {
    private let scratch: TemporaryDirectory

    init() throws {
        scratch = try TemporaryDirectory()
        try BusyboxTree.make(at: scratch.path("tree"))
        try scratch.write("one", to: "tree/file")
        try scratch.make([.allTimes(1)])
    }

    private func bake(_ flags: [String], to name: String) throws {
        let result = try StagedBake.run(
            ["-q", "-R", "tree", "-o", name] + flags, in: scratch.path)
        guard result.status == 0 else { throw TestFailure(result.stderrText) }
    }

    private func differences(_ first: String, _ second: String) throws -> [String] {
        try ImageComparison(
            FilePath(scratch.path(first)), FilePath(scratch.path(second)),
            scratch: FilePath(scratch.path)
        ).differences().map(\.description)
    }

    @Test func parts() throws {
        try bake([], to: "1")
        #expect(try differences("1", "1") == [])
        try bake(["--kernel-cmdline", "debug"], to: "2")
        let said = try differences("1", "2")
        #expect(said.count == 1)
        #expect(said[0].hasPrefix("cmdline: other bytes from "), "\(said)")
        try bake(["--compression", "gzip"], to: "3")
        let stored = try differences("1", "3")
        #expect(stored.contains { $0.hasPrefix("blob: stored in other bytes from ") }, "\(stored)")
    }

    @Test func settings() throws {
        try scratch.write(#"{"hostname":"a"}"#, to: "c.json")
        try bake(["-c", "c.json"], to: "1")
        try scratch.write(#"{"hostname":"b"}"#, to: "c.json")
        try bake(["-c", "c.json"], to: "2")
        let said = try differences("1", "2")
        #expect(said.contains("settings: the baked configuration is another one"), "\(said)")
        #expect(said.contains("/rumpconfig.json: other content from byte 13 on"), "\(said)")
    }

    @Test(arguments: ["squashfs", "tar"])
    func files(blob: String) throws {
        try bake(["--blob", blob], to: "1")
        try scratch.write("two", to: "tree/file")
        try scratch.make([.time("tree/file", 1), .time("tree", 1)])
        try bake(["--blob", blob], to: "2")
        #expect(try differences("1", "2") == ["/file: other content from byte 0 on"])
    }
}
