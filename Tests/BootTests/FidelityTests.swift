import Foundation
import TestSupport
import Testing

/// What goes into a tree is what the guest's kernel finds in it, entry by entry.
@Suite(.serialized)
struct FidelityTests {
    @Test func squashfsHoldsEverything() throws {
        let listings = try listings(
            of: AwkwardTree(isForTar: false), bakedWith: ["--owner", "keep"])
        try compare(listings.source.entries, listings.guest.entries)
    }

    /// tmpfs of Linux before 6.6 has no place for `user.` attributes; everything else is there.
    @Test func tarHoldsEverything() throws {
        let listings = try listings(
            of: AwkwardTree(isForTar: true), bakedWith: ["--owner", "keep", "--blob", "tar"])
        try compare(
            listings.source.without("xattr:user."), listings.guest.without("xattr:user."))
    }

    @Test func tarRefusesASocketByName() throws {
        let scratch = try TemporaryDirectory()
        try scratch.make([.directory("tree"), .socket("tree/app.sock")])
        let result = try StagedBake.run(
            ["-R", "tree", "--blob", "tar", "-o", "app.img"], in: scratch.path)
        #expect(result.status == 65, "\(result.stderrText)")
        #expect(result.stderrText.contains("app.sock"), "\(result.stderrText)")
        #expect(result.stderrText.contains("socket"), "\(result.stderrText)")
        #expect(!FileManager.default.fileExists(atPath: scratch.path("app.img")))
    }

    private func listings(
        of tree: AwkwardTree, bakedWith flags: [String]
    ) throws -> (source: TreeListing, guest: TreeListing) {
        let base = try TemporaryDirectory()
        let program = base.path("tree/bin/list")
        try BusyboxTree.make(at: base.path("tree"), scripts: ["bin/list": TreeListing.program])
        try base.copyProgramWithLibraries("/usr/bin/getfattr", into: "tree")
        let image = base.path("fidelity.img")
        let bake = try StagedBake.run(
            ["-R", base.path("tree"), "-R", tree.scratch.path, "-o", image] + flags
                + ["--", "/bin/list", "/awkward"])
        #expect(bake.status == 0, "\(bake.stderrText)")
        let source = try runProcess([program, tree.scratch.path("awkward")])
        let guest = try StagedBake.run(["run", "--accel", "tcg", image])
        #expect(guest.status == 0, "\(guest.stderrText)")
        #expect(source.stderrText == "" && guest.stderrText == "")
        return (try TreeListing(source.stdoutText), try TreeListing(guest.stdoutText))
    }

    private func compare(_ source: [String: [String]], _ guest: [String: [String]]) throws {
        #expect(source.count > 40)
        #expect(Set(source.keys) == Set(guest.keys))
        for (name, facts) in source {
            #expect(guest[name] == facts, "\(plain(name))")
        }
    }

    private func plain(_ name: String) -> String {
        let digits = Array(name)
        let bytes = stride(from: 0, to: digits.count, by: 2).compactMap {
            UInt8(String(digits[$0...$0 + 1]), radix: 16)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
