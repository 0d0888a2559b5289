import BakeContract
import Foundation
import TestSupport
import Testing

/// What the guest's binary must say as well: the same files, the same verdicts.
@Suite("The corpus of configurations")
struct CorpusTests {
    @Test("every file has its verdict", arguments: try ConfigurationCorpus.cases())
    func verdict(sample: ConfigurationCorpus.Case) throws {
        let verdict = ConfigurationVerdict.text(configuration: sample.configuration) {
            sample.companions[$0.description]
        }
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
        let lines = Set(
            files.filter { $0.contains(".json.") }.compactMap { file in
                file.range(of: ".json.").map { String(file[..<$0.lowerBound]) }
            })
        #expect(lines.isSubset(of: names))
    }

    /// PID 1 has nobody to crash to. Every file with a few bytes changed, cut out or doubled.
    @Test("no damaged file traps", arguments: 1...20)
    func damaged(seed: UInt64) throws {
        var random = Noise(state: seed &* 0x9e37_79b9_7f4a_7c15 | 1)
        let samples = try ConfigurationCorpus.cases().filter { $0.configuration.count < 4096 }
        var verdicts = 0
        for sample in samples {
            let verdict = ConfigurationVerdict.text(
                configuration: random.damaged(sample.configuration)
            ) { suffix in
                sample.companions[suffix.description].map { random.damaged($0) }
            }
            verdicts += verdict.isEmpty ? 0 : 1
        }
        #expect(verdicts == samples.count)
    }
}

extension Noise {
    fileprivate mutating func damaged(_ text: Bytes) -> Bytes {
        var text = text
        for _ in 0..<(1 + below(3)) where !text.isEmpty {
            let start = below(text.count)
            let end = min(text.count, start + 1 + below(4))
            switch below(3) {
            case 0: text[start] = UInt8(below(256))
            case 1: text.removeSubrange(start..<end)
            default: text.insert(contentsOf: text[start..<end], at: below(text.count))
            }
        }
        return text
    }
}
