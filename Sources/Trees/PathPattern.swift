internal import Glibc

/// A pattern for paths of the image, in the manner of gitignore(5): `*` and `?` stand for anything
/// within a name, `[a-z]` for one of these bytes, `\` takes the next byte as it is, `**` for any
/// number of directories.
///
/// With a `/` anywhere but at its end it is a path from the root (`/usr/share/doc`, `usr/*/man`);
/// without one it is a name at any depth (`*.pyc`). A directory that matches stands for all it
/// holds.
public struct PathPattern: Sendable, Hashable {
    /// As the user wrote it.
    public let text: String
    /// NUL-terminated, for fnmatch(3); nil for `**`.
    private let components: [[CChar]?]

    /// Nil when the pattern is empty, holds a NUL, or has an open `[`.
    public init?(_ text: String) {
        let bytes = Bytes(text.utf8)
        guard !bytes.contains(0) else { return nil }
        let parts = bytes.split(separator: UInt8(ascii: "/"))
        guard !parts.isEmpty, parts.allSatisfy(Self.isComplete) else { return nil }
        let isAnchored = bytes.dropLast().contains(UInt8(ascii: "/"))
        let components: [[CChar]?] = parts.map { part in
            part.elementsEqual("**".utf8) ? nil : part.terminated
        }
        self.text = text
        self.components = isAnchored ? components : [nil] + components
    }

    /// Whether the pattern stands for this very path; not whether for a directory it stands in.
    public func matches(_ path: TreePath) -> Bool {
        Self.match(components[...], path.components[...])
    }

    private static func match(
        _ pattern: ArraySlice<[CChar]?>, _ names: ArraySlice<ArraySlice<UInt8>>
    ) -> Bool {
        guard let first = pattern.first else { return names.isEmpty }
        let rest = pattern.dropFirst()
        guard let first else {
            // `**` at the end stands for everything below, not for the directory itself.
            if rest.isEmpty { return !names.isEmpty }
            return (names.startIndex...names.endIndex).contains { match(rest, names[$0...]) }
        }
        guard let name = names.first else { return false }
        return fnmatch(first, name.terminated, 0) == 0 && match(rest, names.dropFirst())
    }

    /// fnmatch(3) would take an open bracket for itself, which nobody means.
    private static func isComplete(_ part: ArraySlice<UInt8>) -> Bool {
        var rest = part
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "\\"), rest.popFirst() == nil { return false }
            guard byte == UInt8(ascii: "[") else { continue }
            if let next = rest.first, next == UInt8(ascii: "!") || next == UInt8(ascii: "^") {
                rest.removeFirst()
            }
            // A bracket that comes first is one of the bytes.
            guard rest.popFirst() != nil, let end = rest.firstIndex(of: UInt8(ascii: "]")) else {
                return false
            }
            rest = rest[(end + 1)...]
        }
        return true
    }
}

extension Layer {
    /// The layer without what the patterns stand for, and without deletions there; and how many
    /// paths each pattern took out, directories with all they hold.
    public func excluding(_ patterns: [PathPattern]) -> (layer: Layer, counts: [Int]) {
        var counts = [Int](repeating: 0, count: patterns.count)
        var kept = self
        var excluded: (path: TreePath, pattern: Int)?
        kept.entries = repacked { entry in
            if excluded?.path.contains(entry.path) != true {
                excluded = patterns.firstIndex { $0.matches(entry.path) }.map { (entry.path, $0) }
            }
            guard let excluded else { return entry }
            counts[excluded.pattern] += 1
            return nil
        }
        kept.whiteouts = whiteouts.filter { path in !patterns.contains { $0.matches(path) } }
        return (kept, counts)
    }
}
