internal import CSquashFS
internal import Trees

/// Reads the names of directories.
struct ListingReader {
    struct Item {
        let name: Bytes
        let number: UInt32
        /// Of the inode, as `InodeReader` takes it.
        let reference: UInt64
    }

    private let metadata: MetadataReader
    private let source: SourceRange
    /// NAME_MAX of Linux; the kernel refuses a directory with a longer one.
    private static let longestName = 255

    init(
        _ superblock: SuperblockFacts, _ unpacker: Unpacker, _ file: LibraryFile
    ) throws(SquashFSReadError) {
        metadata = try MetadataReader(superblock.directories, unpacker, file)
        source = file.source
    }

    /// Sorted by name, names unique and names of something.
    func items(
        of listing: InodeRecord.Listing, path: TreePath, _ budget: inout MemoryBudget
    ) throws(SquashFSReadError) -> [Item] {
        var items: [Item] = []
        var rest = listing.byteCount
        if rest > 0 {
            try metadata.seek(block: listing.block, offset: listing.offset, .listing(path))
        }
        while rest > 0 {
            var header = sqfs_dir_header_t()
            rest -= MemoryLayout<sqfs_dir_header_t>.size
            try metadata.read(&header, .listing(path))
            guard rest > 0, header.count < UInt32(SQFS_MAX_DIR_ENT) else {
                throw source.damaged(.listing(path))
            }
            for _ in 0...header.count {
                items.append(try item(under: header, &rest, path, &budget))
            }
        }
        try sort(&items, path)
        return items
    }

    private func item(
        under header: sqfs_dir_header_t, _ rest: inout Int, _ path: TreePath,
        _ budget: inout MemoryBudget
    ) throws(SquashFSReadError) -> Item {
        var raw = sqfs_dir_entry_t()
        try metadata.read(&raw, .listing(path))
        let nameByteCount = Int(raw.size) + 1
        rest -= MemoryLayout<sqfs_dir_entry_t>.size + nameByteCount
        guard rest >= 0 else { throw source.damaged(.listing(path)) }
        try budget.spend(UInt64(path.bytes.count + nameByteCount) + Self.itemByteCount)
        let name: Bytes = try metadata.numbers(nameByteCount, .listing(path))
        guard nameByteCount <= Self.longestName, Self.isName(name) else {
            throw source.damaged(.name(name, in: path))
        }
        return Item(
            name: name,
            number: header.inode_number &+ UInt32(bitPattern: Int32(raw.inode_diff)),
            reference: UInt64(header.start_block) << 16 | UInt64(raw.offset))
    }

    /// About what a path, an entry and a node take beyond the bytes of the path.
    private static let itemByteCount: UInt64 = 256

    private static func isName(_ name: Bytes) -> Bool {
        if name == [UInt8(ascii: ".")] || name == Bytes("..".utf8) { return false }
        return !name.contains(0) && !name.contains(UInt8(ascii: "/"))
    }

    private func sort(
        _ items: inout [Item], _ path: TreePath
    ) throws(SquashFSReadError) {
        // They are sorted already in what sound writers made; then this is one pass.
        items.sort { $0.name.lexicographicallyPrecedes($1.name) }
        for (item, next) in zip(items, items.dropFirst()) where item.name == next.name {
            throw source.damaged(.nameTwice(path.appending(item.name)))
        }
    }
}
