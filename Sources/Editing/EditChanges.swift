public import Trees

/// What an edit did to a tree, path by path. Each list is sorted.
public struct EditChanges: Sendable, Equatable {
    public internal(set) var added: [TreePath] = []
    /// Content, kind, owner, mode, time or attributes.
    public internal(set) var changed: [TreePath] = []
    /// With all that was in removed directories.
    public internal(set) var removed: [TreePath] = []

    public var isEmpty: Bool { added.isEmpty && changed.isEmpty && removed.isEmpty }
}
