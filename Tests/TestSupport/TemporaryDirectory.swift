public import Foundation
import Synchronization

/// A directory that is gone when the value is, or the process: what tests share lives as long as it.
public final class TemporaryDirectory: Sendable {
    public let path: String

    public init() throws {
        let base = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
        path = "\(base)/bake-test-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o755])
        TemporaryDirectories.add(path)
    }

    deinit {
        TemporaryDirectories.remove(path)
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

    /// Writes a shell script that can be started. By another process: while this one has it open for
    /// writing, a child that some other test is just making has it open too, and to start it then
    /// is "Text file busy" (execve(2), ETXTBSY).
    public func writeScript(_ lines: String, to name: String) throws {
        let write = "printf '#!/bin/sh\\n%s\\n' \"$1\" > \"$0\" && chmod 755 \"$0\""
        let result = try runProcess(["sh", "-c", write, path(name), lines])
        guard result.status == 0 else { throw TestFailure(result.stderrText) }
    }
}

/// Those that exist now; removed when the process ends.
private enum TemporaryDirectories {
    private static let paths = Mutex<Set<String>>([])
    private static let removesAllAtExit: Bool =
        atexit {
            for path in TemporaryDirectories.paths.withLock({ $0 }) {
                try? FileManager.default.removeItem(atPath: path)  // litter in /tmp harms nobody
            }
        } == 0

    static func add(_ path: String) {
        _ = removesAllAtExit
        paths.withLock { _ = $0.insert(path) }
    }

    static func remove(_ path: String) {
        try? FileManager.default.removeItem(atPath: path)  // litter in /tmp harms nobody
        paths.withLock { _ = $0.remove(path) }
    }
}
