import Foundation

extension TemporaryDirectory {
    /// Copies a program of this machine, with the libraries the loader says it needs, to the same
    /// paths below `tree`.
    public func copyProgramWithLibraries(_ program: String, into tree: String) throws {
        let listing = try runProcess(["ldd", program]).stdoutText
        let libraries = listing.split(whereSeparator: \.isWhitespace).map(String.init)
            .filter { $0.hasPrefix("/") }
        for path in [program] + libraries {
            let target = URL(fileURLWithPath: "\(self.path(tree))\(path)")
            try FileManager.default.createDirectory(
                at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
            let source = URL(fileURLWithPath: path).resolvingSymlinksInPath()
            try? FileManager.default.removeItem(at: target)  // a library listed twice
            try FileManager.default.copyItem(at: source, to: target)
        }
    }
}
