/// Something of a tree that a directory of this machine was not given.
public struct WriteNote: Sendable, Equatable {
    public enum Matter: Sendable, Hashable {
        case owner
        /// Setuid and setgid bits of files, and their capabilities.
        case privileges
        case device
        case xattr(Bytes)
        /// The file system holds no such time.
        case time
    }

    public let matter: Matter
    /// Files, each once whatever its names.
    public internal(set) var count: Int
    /// The first of them.
    public internal(set) var examples: [TreePath]
}

extension WriteNote: CustomStringConvertible {
    public var description: String {
        var names = examples.map(\.description).joined(separator: ", ")
        if count > examples.count { names += ", ..." }
        return "\(loss) (\(names))"
    }

    private var loss: String {
        switch matter {
        case .owner: "\(files) did not keep \(pronoun) owner, which needs root"
        case .privileges: "\(files) did not keep \(pronoun) setuid or setgid bit or capabilities"
        case .device: "\(count == 1 ? "1 device node was" : "\(count) device nodes were") left out"
        case .xattr(let name):
            "\(files) did not keep the attribute \(String(printable: name))"
        case .time: "\(files) did not keep \(pronoun) time, which the file system cannot hold"
        }
    }

    private var files: String { count == 1 ? "1 file" : "\(count) files" }
    private var pronoun: String { count == 1 ? "its" : "their" }
}

/// Notes while they are counted.
struct WriteNotes {
    private static let exampleCount = 3
    private(set) var notes: [WriteNote] = []

    mutating func add(_ matter: WriteNote.Matter, _ path: TreePath) {
        guard let index = notes.firstIndex(where: { $0.matter == matter }) else {
            notes.append(WriteNote(matter: matter, count: 1, examples: [path]))
            return
        }
        notes[index].count += 1
        if notes[index].examples.count < Self.exampleCount { notes[index].examples.append(path) }
    }
}
