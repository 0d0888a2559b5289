public import SystemPackage

/// Why a layer cannot be written as an archive.
public enum SavingProblem: Sendable, Equatable {
    case unknownSuffix
    case socket(TreePath)
    /// Read back it would delete something, or be left out.
    case readsAsWhiteout(TreePath)
    /// In libarchive's own words.
    case library(path: TreePath?, text: String)
    case output(Errno)
}

extension SavingProblem: CustomStringConvertible {
    public var description: String {
        switch self {
        case .unknownSuffix:
            """
            its name does not say how to compress it
              hint: end it with .tar, .tar.gz, .tar.zst, .tar.xz, .tar.lz4 or .tar.bz2
            """
        case .socket(let path):
            """
            \(path) is a socket, which tar cannot hold
              hint: remove it; the program that listens on it makes it again
            """
        case .readsAsWhiteout(let path):
            "\(path) would be read back as the mark of a deleted file"
        case .library(let path, let text):
            path.map { "\($0): \(text)" } ?? text
        case .output(let errno): "\(errno)"
        }
    }
}
