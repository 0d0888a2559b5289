public import Trees

/// What the blob does not hold exactly as the tree had it.
public enum BlobNote: Sendable, Hashable {
    /// Times that squashfs and newc cannot hold (they count seconds since 1970 in 32 bits) became
    /// the nearest one they can.
    case timesClamped(first: TreePath, count: Int)
    /// A file changed while it was read, and was allowed to: the blob may hold a mixture.
    case changed(HostPlace, TreeError.Change)
    /// Extended attributes were left out of a newc archive, as was asked for.
    case xattrsLeftOut(first: TreePath, count: Int)
}

extension BlobNote: CustomStringConvertible {
    public var description: String {
        switch self {
        case .timesClamped(let first, let count):
            """
            \(count) modification time\(count == 1 ? "" : "s") before 1970 or after 2106 \
            became the nearest time the format can hold (first: \(first))
            """
        case .xattrsLeftOut(let first, let count):
            """
            the extended attributes of \(count) file\(count == 1 ? "" : "s") were left out: \
            an initrd has no place for them (first: \(first))
            """
        case .changed(let place, let change):
            "'\(place)': \(change.rawValue) while it was read; the image may hold a mixture"
        }
    }
}
