import Foundation
import TestSupport
import Testing

@testable import Baking

/// docs/bake.schema.json says what the parser does, by a validator we did not write.
@Suite("The schema of bake.json")
struct RequestSchemaTests {
    private static let file = "\(StagedBake.repository)/docs/bake.schema.json"

    private func object(_ value: Any?) throws -> [String: Any] {
        try #require(value as? [String: Any])
    }

    @Test("it knows the parser's keys and no others") func keys() throws {
        let schema = try object(
            JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: Self.file))))
        let known = Set(try object(schema["properties"]).keys)
        #expect(known == Set(RequestKey.all.map { "\($0.name)" }))
        let tree = try #require(try object(object(schema["$defs"])["tree"])["anyOf"] as? [Any])
        #expect(
            try Set(object(object(tree[1])["properties"]).keys) == ["tree", "target", "strip"])
    }

    /// Prints the name of every file the schema lets through; one that is no JSON is not.
    private static let validator = """
        import json, sys
        try:
            from jsonschema import Draft202012Validator as Validator
        except ImportError:
            sys.exit("python3-jsonschema is missing: run scripts/setup test first")
        schema = json.load(open(sys.argv[1]))
        Validator.check_schema(schema)
        for name in sys.argv[2:]:
            try:
                document = json.load(open(name, encoding="utf-8"))
            except ValueError:
                continue
            if Validator(schema).is_valid(document):
                print(name)
        """

    @Test("it lets the same files through") func corpus() throws {
        let cases = try RequestCorpus.cases()
        let result = try runProcess(
            ["python3", "-c", Self.validator, Self.file] + cases.map(\.file.path))
        #expect(result.status == 0, "\(result.stderrText)")
        let valid = Set(result.stdoutText.split(separator: "\n").map(String.init))
        // A repeated key is no matter of the document's value.
        for sample in cases where sample.name != "should-fail-repeated-key" {
            #expect(
                valid.contains(sample.file.path) == (!sample.isRefused || sample.isBeyondSchema),
                "\(sample)")
        }
        #expect(cases.count > 50)
    }
}
