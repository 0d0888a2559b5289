import Foundation
import TestSupport

/// Texts of bake.json, good and bad: Fixtures/Requests. Beside `NAME.json` stands `NAME.request`,
/// what is written back of it, or `NAME.message` where it is refused; then the name begins with
/// `should-fail-`, and with `should-fail-beyond-schema-` where the schema cannot say why.
struct RequestCorpus {
    struct Case: CustomStringConvertible, Sendable {
        let name: String
        let text: [UInt8]

        var isRefused: Bool { name.hasPrefix("should-fail-") }
        var isBeyondSchema: Bool { name.hasPrefix("should-fail-beyond-schema-") }
        var file: URL { RequestCorpus.directory.appendingPathComponent("\(name).json") }
        var golden: URL {
            RequestCorpus.directory.appendingPathComponent(
                name + (isRefused ? ".message" : ".request"))
        }
        var description: String { name }
    }

    static let directory = URL(
        fileURLWithPath: "\(StagedBake.repository)/Tests/BakingTests/Fixtures/Requests")

    static func cases() throws -> [Case] {
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path)
            .filter { $0.hasSuffix(".json") }.map { String($0.dropLast(5)) }.sorted()
        return try names.map { name in
            let text = try Data(contentsOf: directory.appendingPathComponent("\(name).json"))
            return Case(name: name, text: Array(text))
        }
    }
}
