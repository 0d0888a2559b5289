internal import Glibc
internal import SystemPackage

/// A file without a name that holds the contents of an archive's members until the blob is
/// written. Gone with its last owner, however the process ends.
public final class ContentStore: Sendable {
    /// The input whose contents these are, as the user wrote it, for messages.
    public let name: String
    let descriptor: FileDescriptor
    /// False for an input that was only listed: the lengths of its contents are known, nothing
    /// else. Reading one is an error.
    let isKept: Bool

    init(name: String, descriptor: FileDescriptor) {
        self.name = name
        self.descriptor = descriptor
        isKept = true
    }

    init(listing name: String) {
        self.name = name
        descriptor = FileDescriptor(rawValue: -1)
        isKept = false
    }

    deinit {
        if isKept { _ = Glibc.close(descriptor.rawValue) }
    }
}

/// The content of a regular file that stands in a store: pieces of data, with holes between them.
public struct StoredContent: Sendable, Equatable {
    public struct Extent: Sendable, Hashable {
        /// Where it stands in the content, in bytes.
        public var offset: UInt64
        /// Where it stands in the store, in bytes.
        public var storeOffset: UInt64
        public var byteCount: UInt64

        public init(offset: UInt64, storeOffset: UInt64, byteCount: UInt64) {
            self.offset = offset
            self.storeOffset = storeOffset
            self.byteCount = byteCount
        }

        var end: UInt64 { offset + byteCount }
    }

    public let store: ContentStore
    /// Length of the content, holes included.
    public let byteCount: UInt64
    /// Ascending and disjoint; what lies between them, and behind the last, is a hole.
    public let extents: [Extent]

    /// - Precondition: extents are ascending, disjoint and end within `byteCount`.
    public init(store: ContentStore, byteCount: UInt64, extents: [Extent]) {
        var end: UInt64 = 0
        for extent in extents {
            precondition(extent.offset >= end && extent.end <= byteCount)
            end = extent.end
        }
        self.store = store
        self.byteCount = byteCount
        self.extents = extents
    }

    public static func == (left: StoredContent, right: StoredContent) -> Bool {
        left.store === right.store && left.byteCount == right.byteCount
            && left.extents == right.extents
    }

    /// The extent that holds this offset, or the first one behind it.
    func extent(atOrBehind offset: UInt64) -> Extent? {
        var low = 0
        var high = extents.count
        while low < high {
            let middle = (low + high) / 2
            if extents[middle].end <= offset { low = middle + 1 } else { high = middle }
        }
        return low < extents.count ? extents[low] : nil
    }
}

extension Node.Content {
    /// A content that was left in its archive because nobody asked for it: it has a length, and to
    /// read it is an error.
    ///
    /// - Parameter name: the input as the user wrote it, for messages.
    public static func unread(byteCount: UInt64, of name: String) -> Node.Content {
        let extents =
            byteCount == 0
            ? [] : [StoredContent.Extent(offset: 0, storeOffset: 0, byteCount: byteCount)]
        return .stored(
            StoredContent(
                store: ContentStore(listing: name), byteCount: byteCount, extents: extents))
    }
}
