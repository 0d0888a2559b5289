import BakeContract
import Foundation
import TestSupport
import Testing

/// What the guest's binary must say as well: the same files, the same verdicts.
@Suite("The corpus of configurations")
struct CorpusTests {
    @Test("every file has its verdict", arguments: try ConfigurationCorpus.cases())
    func verdict(sample: ConfigurationCorpus.Case) throws {
        let verdict = ConfigurationVerdict.text(
            configuration: sample.configuration, commandLine: sample.commandLine,
            strictness: .booting)
        let file = ConfigurationCorpus.verdictFile(of: sample.name)
        if ProcessInfo.processInfo.environment["BAKE_UPDATE_GOLDEN"] == "1" {
            try Data(verdict).write(to: file)
        }
        #expect(verdict.text == String(decoding: try Data(contentsOf: file), as: UTF8.self))
        let last = verdict.text.split(separator: "\n").last
        #expect(last?.hasPrefix("error ") == sample.isRefused)
        #expect(verdict.allSatisfy { $0 >= 0x20 || $0 == 0x0a }, "one line is one line")
    }

    @Test("no verdict without its file, and none forgotten")
    func complete() throws {
        let names = Set(try ConfigurationCorpus.cases().map(\.name))
        let files = try FileManager.default.contentsOfDirectory(
            atPath: ConfigurationCorpus.directory.path)
        let verdicts = Set(files.filter { $0.hasSuffix(".verdict") }.map { String($0.dropLast(8)) })
        #expect(names == verdicts)
        let lines = Set(files.filter { $0.hasSuffix(".json.cmdline") }.map { String($0.dropLast(13)) })
        #expect(lines.isSubset(of: names))
    }
}
