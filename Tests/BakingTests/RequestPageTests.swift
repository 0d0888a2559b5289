import Foundation
import TestSupport
import Testing

@testable import Baking

/// docs/bake-json.md is what users read.
@Suite("The page of bake.json")
struct RequestPageTests {
    private func page() throws -> String {
        try String(
            contentsOfFile: "\(StagedBake.repository)/docs/bake-json.md", encoding: .utf8)
    }

    @Test("its example is accepted") func example() throws {
        let page = try page()
        let start = try #require(page.range(of: "```json\n"))
        let end = try #require(page.range(of: "```", range: start.upperBound..<page.endIndex))
        let text = Array(page[start.upperBound..<end.lowerBound].utf8)
        let request = try BakeRequest(json: text, file: "bake.json")
        #expect(request.trees.count == 3)
        #expect(
            request.trees.last
                == .init(
                    source: "assets.tar.gz", target: "/srv/app/assets", stripCount: 1))
    }

    @Test("its table has every key and no other") func keys() throws {
        var listed: Set<String> = []
        for line in try page().split(separator: "\n") where line.hasPrefix("| `") {
            let cell = line.split(separator: "|")[0]
            listed.formUnion(
                cell.split(separator: ",").map {
                    $0.trimmingCharacters(in: CharacterSet(charactersIn: " `"))
                })
        }
        #expect(listed == Set(RequestKey.all.map { "\($0.name)" }))
    }
}
