import Foundation
import Glibc

extension TemporaryDirectory {
    /// Directories in each other, all of one name, and in the innermost a file that holds its name.
    /// One level after another: the path may be longer than any system call takes.
    public func makeNested(
        in directory: String = ".", depth: Int, name: String, file: String
    ) throws {
        var level = open(path(directory), O_RDONLY | O_DIRECTORY)
        defer { close(level) }
        for _ in 0..<depth {
            let next = mkdirat(level, name, 0o755) == 0 ? openat(level, name, O_DIRECTORY) : -1
            guard next >= 0 else { throw TestFailure("cannot make \(name)") }
            close(level)
            level = next
        }
        let made = openat(level, file, O_WRONLY | O_CREAT, 0o644)
        defer { close(made) }
        guard Glibc.write(made, file, file.utf8.count) == file.utf8.count else {
            throw TestFailure("cannot make \(file)")
        }
    }

    /// FileManager gives up on such paths; rm does not.
    public func removeNested(_ name: String) {
        _ = try? runProcess(["rm", "-rf", path(name)])  // litter in /tmp harms nobody
    }
}
