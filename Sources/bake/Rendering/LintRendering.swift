internal import BakeContract

enum LintRendering {
    static func text(_ file: String, _ lint: ConfigurationLint) -> Bytes {
        let isClean = lint.findings.allSatisfy { $0.severity == .note }
        return lint.text + (isClean ? Bytes("\(file): ok\n".utf8) : [])
    }

    /// docs/json.md, *bake config lint*.
    static func json(_ file: String, _ lint: ConfigurationLint) -> JSONValue {
        .object([
            "file": .text(file),
            "findings": .array(lint.findings.map(json)),
            "isAccepted": .bool(!lint.hasErrors),
        ])
    }

    private static func json(_ finding: ConfigurationLint.Finding) -> JSONValue {
        let place = finding.error.place
        return .object([
            "severity": .text("\(finding.severity)"),
            "file": .bytes(place.file),
            "line": place.position.map { .integer(Int64($0.line)) } ?? .null,
            "column": place.position.map { .integer(Int64($0.column)) } ?? .null,
            "message": .text(finding.error.problem.description),
        ])
    }
}
