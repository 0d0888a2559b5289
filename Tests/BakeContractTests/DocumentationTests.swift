import BakeContract
import Foundation
import TestSupport
import Testing

/// docs/configuration.md is what users read; the decoder must know the same keys and examples.
@Suite("The configuration page")
struct DocumentationTests {
    @Test("its first example is accepted")
    func example() throws {
        let page = try page()
        let start = try #require(page.range(of: "```json\n"))
        let end = try #require(page.range(of: "```", range: start.upperBound..<page.endIndex))
        let text = Bytes(String(page[start.upperBound..<end.lowerBound]))
        #expect(throws: Never.self) {
            try EffectiveConfiguration.making(text, file: Bytes("configuration.md"))
        }
    }

    @Test("every key in its tables is known, and no unknown one is taken")
    func keys() throws {
        let section = try #require(
            try page().components(separatedBy: "## Keys").last?
                .components(separatedBy: "### Programs").first)
        let keys = section.split(separator: "\n").compactMap { line in
            line.hasPrefix("| `") ? String(line.dropFirst(3).prefix { $0 != "`" }) : nil
        }
        #expect(keys.count == 17)
        for key in keys {
            #expect(!isUnknown(key), "\(key)")
            #expect(isUnknown(key + "x"), "\(key)x")
        }
    }

    private func isUnknown(_ key: String) -> Bool {
        do {
            let text = Bytes("{\"\(key)\":7}")
            _ = try EffectiveConfiguration.making(text, file: [])
            return false
        } catch {
            return error.description.contains("unknown key")
        }
    }

    private func page() throws -> String {
        try String(
            contentsOfFile: "\(StagedBake.repository)/docs/configuration.md", encoding: .utf8)
    }
}
