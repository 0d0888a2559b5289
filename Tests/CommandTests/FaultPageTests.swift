import Foundation
import TestSupport
import Testing

/// docs/faults.md names tests; they exist.
@Suite struct FaultPageTests {
    private static let tests = URL(fileURLWithPath: "\(StagedBake.repository)/Tests")

    @Test func everyTestOfThePageExists() throws {
        let page = try String(
            contentsOfFile: "\(StagedBake.repository)/docs/faults.md", encoding: .utf8)
        let sources = try sources()
        var count = 0
        for word in page.split(whereSeparator: { " ,|:()".contains($0) || $0.isNewline }) {
            let parts = word.split(separator: ".").map(String.init)
            guard let suite = parts.first, suite.hasSuffix("Tests"), suite != "TreesTests",
                suite != "CommandTests"
            else { continue }
            count += 1
            let source = sources.first { $0.contains("struct \(suite) ") }
            let text = try #require(source, "no suite \(suite)")
            if parts.count > 1 { #expect(text.contains("func \(parts[1])("), "\(word)") }
        }
        #expect(count > 60, "\(count)")
        for row in 1...60 { #expect(page.contains("\n| \(row) | "), "row \(row)") }
    }

    private func sources() throws -> [String] {
        let paths = try FileManager.default.subpathsOfDirectory(atPath: Self.tests.path)
        return try paths.filter { $0.hasSuffix(".swift") }.map {
            try String(contentsOf: Self.tests.appendingPathComponent($0), encoding: .utf8)
        }
    }
}
