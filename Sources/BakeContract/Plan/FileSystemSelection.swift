/// Which of the file systems that an image brings drivers for.
public enum FileSystemSelection: Equatable, Sendable {
    /// One is known only when its superblock is read.
    case all
    /// By the names of mount(8).
    case named([Bytes])

    /// Whether `fileSystem`'s driver is among those.
    public func holds(_ fileSystem: Bytes) -> Bool {
        switch self {
        case .all: true
        case .named(let names): names.contains(fileSystem)
        }
    }

    public var isEmpty: Bool { self == .named([]) }
}
