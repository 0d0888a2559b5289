import Foundation

/// A tree that can do something: Debian's static busybox as /bin/busybox and /bin/sh, and programs
/// of the test's own.
public enum BusyboxTree {
    /// Where Debian's busybox-static puts it.
    private static let program = "/bin/busybox"

    /// Makes the tree at `path`; `scripts` are put there executable, by their paths in the tree.
    public static func make(at path: String, scripts: [String: String] = [:]) throws {
        let files = FileManager.default
        guard files.fileExists(atPath: program) else {
            throw TestFailure("\(program) is missing: run scripts/setup test first")
        }
        try files.createDirectory(atPath: "\(path)/bin", withIntermediateDirectories: true)
        try files.copyItem(atPath: program, toPath: "\(path)/bin/busybox")
        try files.createSymbolicLink(
            atPath: "\(path)/bin/sh", withDestinationPath: "busybox")
        for (name, text) in scripts {
            let target = "\(path)/\(name)"
            try files.createDirectory(
                at: URL(fileURLWithPath: target).deletingLastPathComponent(),
                withIntermediateDirectories: true)
            try Data(text.utf8).write(to: URL(fileURLWithPath: target))
            try files.setAttributes([.posixPermissions: 0o755], ofItemAtPath: target)
        }
    }
}
