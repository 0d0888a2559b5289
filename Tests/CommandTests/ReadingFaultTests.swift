import Foundation
import TestSupport
import Testing

/// Trees that misbehave while they are read: table B2 of docs/faults.md through the whole tool. It
/// fails, names the file once, and leaves the old image and nothing else.
@Suite struct ReadingFaultTests {
    static let rows: [(name: String, fault: FaultFileSystem.Fault, status: Int32, words: String)] =
        [
            ("row30", .shrinks, 1, "it shrank while it was read"),
            ("row31", .grows, 1, "it grew while it was read"),
            ("row31", .modified, 1, "it was written to while it was read"),
            ("row32", .readsEIO, 66, "Input/output error"),
            ("row33", .vanishes, 66, "No such file or directory"),
            ("row34", .denied, 66, "Permission denied"),
            ("row35", .listDenied, 66, "Permission denied"),
            ("row36", .noSize, 65, "more data than its size says"),
            ("row37", .statusEIO, 66, "Input/output error"),
            ("row37", .linkEIO, 66, "Input/output error"),
            ("row37", .xattrEIO, 66, "Input/output error"),
            ("row38", .listEIO, 66, "Input/output error"),
        ]

    @Test(arguments: ["squashfs", "tar"])
    func nothingIsBaked(_ blob: String) throws {
        let scratch = try TemporaryDirectory()
        let old = "the old image"
        try scratch.write(old, to: "app.img")
        try FaultFileSystem.mounted { faults in
            for row in Self.rows {
                let tree = faults.path(row.fault)
                let result = try StagedBake.run(
                    ["-R", tree, "--blob", blob, "-o", "app.img"], in: scratch.path)
                let said = "\(row.name), \(row.fault): \(result.stderrText)"
                #expect(result.status == row.status, "\(said)")
                #expect(result.stdoutText.isEmpty, "\(said)")
                let errors = result.stderrText.split(separator: "\n").filter {
                    $0.hasPrefix("bake: error: ")
                }
                #expect(errors.count == 1, "\(said)")
                #expect(errors.first?.contains("'\(tree)/bad'") == true, "\(said)")
                #expect(errors.first?.contains(row.words) == true, "\(said)")
                #expect(try String(contentsOf: scratch.url("app.img"), encoding: .utf8) == old)
                let names = try FileManager.default.contentsOfDirectory(atPath: scratch.path)
                #expect(names == ["app.img"], "\(said)")
            }
        }
    }
}
