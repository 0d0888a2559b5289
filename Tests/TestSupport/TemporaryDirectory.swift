public import Foundation

/// A directory that is gone when the value is.
public final class TemporaryDirectory: Sendable {
    public let path: String

    public init() throws {
        let base = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
        path = "\(base)/bake-test-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o755])
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)  // litter in /tmp harms nobody
    }

    public func path(_ name: String) -> String { "\(path)/\(name)" }
    public func url(_ name: String) -> URL { URL(fileURLWithPath: path(name)) }

    /// Writes a file below the directory, making the directories above it.
    public func write(_ text: String, to name: String) throws {
        let target = url(name)
        try FileManager.default.createDirectory(
            at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: target)
    }
}
