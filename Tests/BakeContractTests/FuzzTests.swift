import BakeContract
import Foundation
import TestSupport
import Testing

/// The fuzz targets with the seeds they have and a few hundred inputs made of each: the same ones in
/// every run. scripts/fuzz looks further.
@Suite("Fuzz targets")
struct FuzzTests {
    @Test("no changed input makes a parser trap or contradict itself", arguments: FuzzTargets.all)
    func changedInputs(target: FuzzTarget) throws {
        var noise = Noise(state: 0x9e37_79b9_7f4a_7c15)
        let seeds = try Self.seeds(of: target.name)
        #expect(!seeds.isEmpty, "\(target.name)")
        for seed in seeds {
            #expect(target.violation(seed) == nil, "\(target.name): a seed")
            for _ in 0..<(4000 / seeds.count) {
                let input = Self.changed(seed, by: &noise)
                #expect(target.violation(input) == nil, "\(target.name): \(input)")
            }
        }
    }

    @Test("scripts/fuzz knows every target")
    func script() throws {
        let script = try String(
            contentsOfFile: "\(StagedBake.repository)/scripts/fuzz", encoding: .utf8)
        for target in FuzzTargets.all { #expect(script.contains(target.name), "\(target.name)") }
    }

    private static func seeds(of target: String) throws -> [Bytes] {
        let directory = "\(StagedBake.repository)/fuzz/corpus/\(target)"
        if FileManager.default.fileExists(atPath: directory) {
            return try FileManager.default.contentsOfDirectory(atPath: directory).sorted().map {
                Bytes(try Data(contentsOf: URL(fileURLWithPath: "\(directory)/\($0)")))
            }
        }
        let cases = try ConfigurationCorpus.cases().filter { $0.configuration.count < 4096 }
        switch target {
        case "command-line": return cases.compactMap { $0.companions[".cmdline"] }
        case "smbios": return cases.compactMap { $0.companions[".smbios"] }
        case "seed": return cases.compactMap { $0.companions[".seed"] }.map { Bytes("a: b\0") + $0 }
        default: return cases.map(\.configuration)
        }
    }

    private static func changed(_ seed: Bytes, by noise: inout Noise) -> Bytes {
        let tokens = ["{", "}", "[", "]", ",", "\"", "\\u0000", "{,", "env", "\0", "\r\n", ":"]
        var input = seed
        for _ in 0...noise.below(4) {
            let place = noise.below(input.count + 1)
            let end = min(input.count, place + 1 + noise.below(8))
            switch noise.below(4) {
            case 0 where place < input.count: input[place] = UInt8(noise.below(256))
            case 1 where place < end: input.removeSubrange(place..<end)
            case 2 where place < end: input.insert(contentsOf: input[place..<end], at: place)
            default: input.insert(contentsOf: Bytes(tokens[noise.below(tokens.count)]), at: place)
            }
        }
        return input
    }
}
