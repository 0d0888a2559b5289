import Foundation
import TestSupport
import Testing

/// Compares text with a file beside the tests; BAKE_UPDATE_GOLDEN=1 rewrites the file instead.
func expectGolden(
    _ name: String, _ text: String, sourceLocation: SourceLocation = #_sourceLocation
) throws {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Goldens/\(name).txt")
    if ProcessInfo.processInfo.environment["BAKE_UPDATE_GOLDEN"] == "1" {
        try Data(text.utf8).write(to: path)
    }
    let golden = try String(contentsOf: path, encoding: .utf8)
    #expect(text == golden, "Goldens/\(name).txt differs", sourceLocation: sourceLocation)
}
