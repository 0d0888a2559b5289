import Testing

@testable import Baking

/// What a tree alone has no place for.
@Suite("Formats")
struct RequestFormatTests {
    /// Keys that mean something whatever is written. A new key is one of these, or idle.
    private static let keysOfTrees: Set = [
        "root", "package", "suite", "mirror", "variant", "install", "sysroot", "edit", "exclude",
        "chmod", "node", "owner", "onConflict", "allowMissing", "allowChanging", "dropAcl",
        "dropXattrs", "oneFileSystem", "strict", "imageConfig", "defaultEtc", "format",
        "compression", "output", "$schema",
    ]

    @Test("every key is one of the tree, or idle where the tree is written alone")
    func keys() throws {
        let sample = try #require(try RequestCorpus.cases().first { $0.name == "everything" })
        var request = try BakeRequest(json: sample.text, file: "bake.json")
        for format in [BakeRequest.OutputFormat.initrd, .tar] {
            request.format = format
            let idle = Set(request.idleKeys)
            #expect(idle.isDisjoint(with: Self.keysOfTrees))
            #expect(idle.union(Self.keysOfTrees) == Set(RequestKey.all.map { "\($0.name)" }))
        }
        request.format = .squashfs
        #expect(!request.idleKeys.contains("blockSize"))
        request.format = .image
        #expect(request.idleKeys == [])
    }
}
