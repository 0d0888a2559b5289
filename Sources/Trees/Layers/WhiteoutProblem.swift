/// Why what looks like a whiteout cannot be one.
public enum WhiteoutProblem: Sendable, Equatable {
    /// `.wh.` and nothing behind it, or `.` or `..`.
    case namesNothing
    case notAnEmptyFile(kind: String)
    /// `overlay.redirect`, `overlay.metacopy`: the file itself is in a directory that overlayfs
    /// had below this one.
    case needsLowerLayer(xattr: Bytes)
}

extension WhiteoutProblem: CustomStringConvertible {
    public var description: String {
        switch self {
        case .namesNothing: "it is a whiteout by its name, but names no file to delete"
        case .notAnEmptyFile(let kind):
            "it is a whiteout by its name, but \(kind); a whiteout is an empty file"
        case .needsLowerLayer(let xattr):
            """
            its attribute \(String(printable: xattr)) says that its contents are in a lower \
            directory of an overlay
              hint: give the mounted overlay, not its upper directory; or mount it with \
            'redirect_dir=off,metacopy=off'
            """
        }
    }
}

/// What whiteouts left out that no file of the image needs.
public enum WhiteoutNote: Sendable, Hashable {
    /// `.wh..wh.plnk` and its like, which aufs kept for itself.
    case bookkeeping(layer: String, first: TreePath, count: Int)
    /// `trusted.overlay.origin` and its like, which overlayfs keeps for itself.
    case overlayAttributes(layer: String, first: TreePath, count: Int)
}

extension WhiteoutNote: CustomStringConvertible {
    public var description: String {
        switch self {
        case .bookkeeping(let layer, let first, let count):
            """
            \(count == 1 ? "1 file" : "\(count) files") of '\(layer)' that aufs kept for itself \
            \(count == 1 ? "was" : "were") left out, the first \(first)
            """
        case .overlayAttributes(let layer, let first, let count):
            """
            the attributes that overlayfs keeps for itself were removed from \
            \(count == 1 ? "1 file" : "\(count) files") of '\(layer)', the first \(first)
            """
        }
    }
}
