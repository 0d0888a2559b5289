import Foundation
import TestSupport
import Testing

/// The default /etc agrees with itself, and holds what docs/defaults-etc.md says.
@Suite struct DefaultsEtcTests {
    @Test func usersAndGroupsAgree() throws {
        let users = try table("passwd", separator: ":")
        let groups = try table("group", separator: ":")
        let shadow = try table("shadow", separator: ":")
        #expect(users.allSatisfy { $0.count == 7 })
        #expect(groups.allSatisfy { $0.count == 4 })
        #expect(shadow.allSatisfy { $0.count == 9 && $0[1] == "*" })
        #expect(users.map { $0[0] } == shadow.map { $0[0] })
        #expect(Set(users.map { $0[2] }).count == users.count)
        #expect(Set(groups.map { $0[2] }).count == groups.count)
        #expect(Set(users.map { $0[3] }).isSubset(of: groups.map { $0[2] }))
        #expect(users.first?[0] == "root")
    }

    @Test(arguments: ["services", "protocols"]) func numbersAreInOrder(_ file: String) throws {
        var lastNumber = -1
        var seen: Set<String> = []
        for row in try rows(file) {
            let words = row.split { $0 == " " || $0 == "\t" }
            let number = try #require(words[1].split(separator: "/").first.flatMap { Int($0) })
            #expect(number >= lastNumber, "\(row)")
            #expect(seen.insert("\(words[0]) \(words[1])").inserted, "\(row)")
            lastNumber = number
        }
        #expect(seen.count > 20)
    }

    @Test func localhostIsThere() throws {
        let hosts = try rows("hosts")
        for address in ["127.0.0.1", "::1"] {
            #expect(hosts.contains { $0.hasPrefix("\(address)\t") && $0.contains("\tlocalhost") })
        }
    }

    @Test func everyFileIsDocumented() throws {
        let page = try String(
            contentsOfFile: "\(StagedBake.repository)/docs/defaults-etc.md", encoding: .utf8)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        for name in names where name != "ssl" { #expect(page.contains("| `/etc/\(name)` |")) }
        #expect(names.count > 10)
    }

    private var folder: String { "\(StagedBake.repository)/defaults-etc/etc" }

    private func rows(_ file: String) throws -> [String] {
        try String(contentsOfFile: "\(folder)/\(file)", encoding: .utf8)
            .split(separator: "\n").map(String.init).filter { !$0.hasPrefix("#") }
    }

    private func table(_ file: String, separator: Character) throws -> [[Substring]] {
        try rows(file).map { $0.split(separator: separator, omittingEmptySubsequences: false) }
    }
}
