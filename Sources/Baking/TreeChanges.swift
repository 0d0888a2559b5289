internal import Editing
internal import Trees

/// What commands did to a tree: paths for people, sorted.
public struct TreeChanges: Sendable, Equatable {
    public let added: [String]
    public let changed: [String]
    public let removed: [String]

    public var isEmpty: Bool { added.isEmpty && changed.isEmpty && removed.isEmpty }

    init(_ changes: EditChanges) {
        added = changes.added.map(\.description)
        changed = changes.changed.map(\.description)
        removed = changes.removed.map(\.description)
    }
}
