import BakeContract
import Foundation
import TestSupport
import Testing

/// docs/exit-status.md is a promise; the enums must say the same.
@Suite("Statuses")
struct StatusTests {
    @Test("the first table has every status of bake, and no other")
    func host() throws {
        let expected = ExitStatus.allCases.map { Row(number: $0.rawValue, name: "\($0)") }
        #expect(try rows(of: "## What `bake` ends with") == expected)
    }

    @Test("the second table has every status of a guest, and no other")
    func guest() throws {
        let expected = GuestStatus.allCases.map { Row(number: $0.rawValue, name: "\($0)") }
        #expect(try rows(of: "## What a guest that fails reports") == expected)
    }

    @Test("program statuses follow the shell")
    func program() {
        #expect(ProgramStatus.notExecutable == 126)
        #expect(ProgramStatus.notFound == 127)
        #expect(ProgramStatus.ended(bySignal: 15) == 143)
    }

    private struct Row: Equatable {
        var number: Int32
        var name: String
    }

    private func rows(of heading: String) throws -> [Row] {
        let page = try String(
            contentsOfFile: "\(StagedBake.repository)/docs/exit-status.md", encoding: .utf8)
        let section = try #require(page.components(separatedBy: heading).dropFirst().first)
        let table = section.components(separatedBy: "\n## ")[0]
        return table.split(separator: "\n").compactMap { line in
            let cells = line.split(separator: "|").map {
                $0.trimmingCharacters(in: CharacterSet.whitespaces)
            }
            guard cells.count == 3, let number = Int32(cells[0]) else { return nil }
            return Row(number: number, name: cells[1])
        }
    }
}
