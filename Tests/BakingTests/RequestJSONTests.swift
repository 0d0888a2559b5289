import BakeContract
import Foundation
import SystemPackage
import Testing

@testable import Baking

/// bake.json says what flags say, and is refused with its place where it does not.
@Suite("bake.json")
struct RequestJSONTests {
    @Test("every file of the corpus has its verdict", arguments: try RequestCorpus.cases())
    func verdict(sample: RequestCorpus.Case) throws {
        var said: [UInt8] = []
        do throws(BakeError) {
            let request = try BakeRequest(json: sample.text, file: "bake.json")
            said = request.json().prettyText
            #expect(!sample.isRefused)
            #expect(try BakeRequest(json: said, file: "bake.json") == request, "read back")
        } catch {
            said = Array("\(error.description)\n".utf8)
            #expect(sample.isRefused, "\(error)")
            #expect(error.kind == .malformedInput)
            #expect(error.description.hasPrefix("bake.json:"), "\(error)")
        }
        if ProcessInfo.processInfo.environment["BAKE_UPDATE_GOLDEN"] == "1" {
            try Data(said).write(to: sample.golden)
        }
        let golden = try String(contentsOf: sample.golden, encoding: .utf8)
        #expect(String(decoding: said, as: UTF8.self) == golden)
    }

    @Test("nothing said is nothing written") func nothing() throws {
        #expect(BakeRequest().json() == .object([]))
        #expect(try BakeRequest(json: Array("{}".utf8), file: "bake.json") == BakeRequest())
    }

    static let places: [(file: String, written: String, here: String)] = [
        ("bake.json", "tree", "tree"), ("./bake.json", "tree", "./tree"),
        ("sub/bake.json", "tree", "sub/tree"), ("sub/bake.json", "./tree", "sub/tree"),
        ("sub/bake.json", "/srv/tree", "/srv/tree"), ("sub/bake.json", ".", "sub/."),
        ("/etc/b.json", "../srv", "/etc/../srv"), ("../bake.json", "tree", "../tree"),
        ("sub/bake.json", "oci:dir:tag", "oci:sub/dir:tag"),
        ("sub/bake.json", "./oci:dir", "sub/oci:dir"),
        ("oci:x/bake.json", "tree", "./oci:x/tree"),
    ]

    @Test("paths are relative to the file's directory", arguments: places)
    func paths(_ test: (file: String, written: String, here: String)) throws {
        let text = #"{"root": ["\#(test.written)"]}"#
        let request = try BakeRequest(json: Array(text.utf8), file: test.file)
        #expect(request.trees.map(\.source) == [test.here])
    }

    @Test("names that are no paths stay") func namesThatAreNoPaths() throws {
        let text = """
            {"root": [], "kernel": "6.1.0-56-cloud-amd64", "install": ["ip", "bin/x", "/bin/y"],
             "config": "c.json", "defaultEtc": "etc", "output": "o", "exclude": ["a/b"]}
            """
        let request = try BakeRequest(json: Array(text.utf8), file: "sub/bake.json")
        #expect(request.kernel == "6.1.0-56-cloud-amd64")
        #expect(request.hostPrograms.paths == ["ip", "sub/bin/x", "/bin/y"])
        #expect(request.configurationFile == "sub/c.json")
        #expect(request.defaultEtc == .directory("sub/etc"))
        #expect(request.output == "sub/o")
        #expect(request.excludes == ["a/b"])
        let rooted = #"{"sysroot": "arm", "install": ["bin/x"], "kernel": "boot/vmlinuz"}"#
        let other = try BakeRequest(json: Array(rooted.utf8), file: "sub/bake.json")
        #expect(other.hostPrograms.paths == ["bin/x"])
        #expect(other.hostPrograms.sysroot == "sub/arm")
        #expect(other.kernel == "sub/boot/vmlinuz")
    }

    static let moves: [(path: String, current: String, directory: String, written: String)] = [
        ("tree", "/w", "/w", "tree"), ("tree/", "/w", "/w", "tree/"),
        ("tree", "/w", "/w/sub", "../tree"), ("./tree", "/w", "/w/sub", "../tree"),
        ("sub/tree", "/w", "/w/sub", "tree"), ("sub", "/w", "/w/sub", "."),
        ("../tree", "/w/a", "/w/b", "../tree"), ("../../x", "/w", "/v", "../x"),
        ("tree", "/w/a/b", "/v", "../w/a/b/tree"), ("/srv", "/w", "/v", "/srv"),
        ("link/../x", "/w", "/w/sub", "../link/../x"), (".", "/w", "/w/sub", ".."),
    ]

    @Test("a saved file names the same things", arguments: moves)
    func rewritten(_ test: (path: String, current: String, directory: String, written: String)) {
        #expect(
            RequestDirectory.rewritten(
                test.path, from: FilePath(test.current), to: FilePath(test.directory))
                == test.written)
    }

    @Test("variables merge by name, the later value wins") func environment() {
        func variable(_ name: String, _ value: String) -> BakeRequest.EnvironmentVariable {
            .init(name: Array(name.utf8), value: Array(value.utf8))
        }
        var request = BakeRequest()
        request.add([variable("A", "1"), variable("B", "1"), variable("A", "2")])
        request.add([variable("B", "3")])
        #expect(request.environment == [variable("A", "2"), variable("B", "3")])
    }

    /// What has no key is about one bake alone. Should a property be added, one of the two follows:
    /// what bake.json cannot say, `--check-reproducible` would not hand on.
    @Test("every property has a key, or is about one bake") func complete() throws {
        let sample = try #require(try RequestCorpus.cases().first { $0.name == "everything" })
        let everything = Mirror(
            reflecting: try BakeRequest(json: sample.text, file: "bake.json"))
        var unsaid: Set<String> = []
        for (said, silent) in zip(everything.children, Mirror(reflecting: BakeRequest()).children)
        where "\(said.value)" == "\(silent.value)" {
            unsaid.insert(said.label ?? "")
        }
        #expect(
            unsaid == [
                "isDryRun", "isListed", "isDigested", "reversesNames", "leftOut", "workerCount",
                "reuse", "sourceDateEpoch",
            ])
    }
}
