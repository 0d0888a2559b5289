public import SystemPackage

/// Fills a store, from its first byte to its last:
///
///     var spool = try ContentSpool(for: "base.tar", in: scratch)
///     try spool.begin(byteCount: header.size)
///     while let block = ... { try spool.append(block.bytes, at: block.offset) }
///     let content = spool.end()
public struct ContentSpool: ~Copyable {
    private let store: ContentStore
    private var storeByteCount: UInt64 = 0
    private var contentByteCount: UInt64 = 0
    private var extents: [StoredContent.Extent] = []

    /// - Parameters:
    ///   - name: the input as the user wrote it, for messages.
    ///   - directory: any directory with room for the contents; nothing is left in it.
    public init(for name: String, in directory: FilePath) throws(TreeError) {
        do {
            store = ContentStore(name: name, descriptor: try .nameless(in: directory))
        } catch {
            throw .scratch(directory: directory.string, error)
        }
    }

    /// Starts the content of one file, which has this length, holes included.
    public mutating func begin(byteCount: UInt64) {
        contentByteCount = byteCount
        extents = []
    }

    /// Adds data of the current content. What is skipped between two calls is a hole.
    ///
    /// - Precondition: not before the end of what was added, and within the content's length.
    public mutating func append(
        _ bytes: UnsafeRawBufferPointer, at offset: UInt64
    ) throws(TreeError) {
        if bytes.isEmpty { return }
        let count = UInt64(bytes.count)
        precondition(offset >= extents.last?.end ?? 0 && offset + count <= contentByteCount)
        try write(bytes)
        if let last = extents.last, last.end == offset {
            extents[extents.count - 1].byteCount += count
        } else {
            extents.append(
                .init(offset: offset, storeOffset: storeByteCount, byteCount: count))
        }
        storeByteCount += count
    }

    /// The finished content.
    public mutating func end() -> Node.Content {
        .stored(StoredContent(store: store, byteCount: contentByteCount, extents: extents))
    }

    private func write(_ bytes: UnsafeRawBufferPointer) throws(TreeError) {
        do {
            try store.descriptor.write(whole: bytes, at: storeByteCount)
        } catch {
            throw .spoolFull(tree: store.name, error)
        }
    }
}
