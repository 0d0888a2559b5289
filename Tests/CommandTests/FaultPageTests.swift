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
            // Two modules may have a suite of the same name.
            let suites = sources.filter { source in
                ["struct", "class"].contains { source.contains("\($0) \(suite) ") }
            }
            #expect(!suites.isEmpty, "no suite \(suite)")
            let test = parts.count > 1 ? "func \(parts[1])(" : suite
            #expect(suites.contains { $0.contains(test) }, "\(word)")
        }
        #expect(count > 60, "\(count)")
        let rows = page.split(separator: "\n").filter { $0.hasPrefix("| ") }.flatMap { line in
            line.split(separator: "|")[0].split(separator: ",").compactMap { cell in
                Int(cell.trimmingCharacters(in: .whitespaces))
            }
        }
        #expect(Set(rows) == Set(1...79))
    }

    private func sources() throws -> [String] {
        let paths = try FileManager.default.subpathsOfDirectory(atPath: Self.tests.path)
        return try paths.filter { $0.hasSuffix(".swift") }.map {
            try String(contentsOf: Self.tests.appendingPathComponent($0), encoding: .utf8)
        }
    }
}
