internal import CSquashFS
internal import Trees

/// Reads sets of extended attributes; inodes with equal ones share a set.
struct XattrReader {
    /// Nil when the file system has no attributes.
    private let table: Table?
    private let source: SourceRange
    private var known: [UInt32: [Node.Xattr]] = [:]

    private struct Table {
        let metadata: MetadataReader
        /// File offset of the list of metadata blocks with the sets' descriptors.
        let listOffset: UInt64
        let setCount: UInt32
    }

    /// XATTR_SIZE_MAX and XATTR_LIST_MAX of linux/limits.h.
    private static let longestValue: UInt32 = 65536
    private static let longestList = 65536
    private static let prefixes = ["user.", "trusted.", "security."]

    init(
        _ superblock: SuperblockFacts, _ unpacker: Unpacker, _ file: LibraryFile
    ) throws(SquashFSReadError) {
        source = file.source
        guard superblock.hasXattrs else {
            table = nil
            return
        }
        let start = superblock.raw.xattr_id_table_start
        // sqfs_xattr_id_table_t: where the pairs start, how many sets.
        let head = try source.read(byteCount: 16, at: start)
        let pairs = head.number(at: 0, of: UInt64.self)
        guard pairs <= start else { throw source.damaged(.table("attribute table")) }
        table = Table(
            metadata: try MetadataReader(pairs..<superblock.raw.bytes_used, unpacker, file),
            listOffset: start + 16, setCount: head.number(at: 8, of: UInt32.self))
    }

    /// - Parameter path: for messages.
    mutating func xattrs(
        _ index: UInt32, path: TreePath, _ budget: inout MemoryBudget
    ) throws(SquashFSReadError) -> [Node.Xattr] {
        guard let table, index != UInt32.max else { return [] }
        if let set = known[index] { return set }
        let set = try read(index, in: table, path, &budget)
        known[index] = set
        return set
    }

    private func read(
        _ index: UInt32, in table: Table, _ path: TreePath, _ budget: inout MemoryBudget
    ) throws(SquashFSReadError) -> [Node.Xattr] {
        let set = try descriptor(of: index, in: table, path)
        try table.metadata.seek(reference: set.xattr, .xattrs(path))
        var found: [Node.Xattr] = []
        var names: Set<Bytes> = []
        var listByteCount = 0
        for _ in 0..<set.count {
            let xattr = try next(table.metadata, path, &budget)
            listByteCount += xattr.name.count + 1
            guard listByteCount <= Self.longestList, names.insert(xattr.name).inserted else {
                throw source.damaged(.xattrs(path))
            }
            found.append(xattr)
        }
        return found
    }

    /// Where the set begins and how many attributes it has.
    private func descriptor(
        of index: UInt32, in table: Table, _ path: TreePath
    ) throws(SquashFSReadError) -> sqfs_xattr_id_t {
        guard index < table.setCount else { throw source.damaged(.xattrs(path)) }
        var set = sqfs_xattr_id_t()
        let place = Int(index) * MemoryLayout<sqfs_xattr_id_t>.size
        let (block, offset) = place.quotientAndRemainder(dividingBy: 8192)
        let listed = try source.read(byteCount: 8, at: table.listOffset + UInt64(block * 8))
        try table.metadata.seek(
            to: (block: listed.number(at: 0, of: UInt64.self), offset: offset), .xattrs(path))
        try table.metadata.read(&set, .xattrs(path))
        return set
    }

    private func next(
        _ metadata: MetadataReader, _ path: TreePath, _ budget: inout MemoryBudget
    ) throws(SquashFSReadError) -> Node.Xattr {
        var key = sqfs_xattr_entry_t()
        try metadata.read(&key, .xattrs(path))
        let prefix = Int(key.type & ~UInt16(SQFS_XATTR_FLAG_OOL.rawValue))
        guard Self.prefixes.indices.contains(prefix), key.size > 0, key.size < 256 else {
            throw source.damaged(.xattrs(path))
        }
        let name: Bytes = try metadata.numbers(Int(key.size), .xattrs(path))
        guard !name.contains(0) else { throw source.damaged(.xattrs(path)) }
        let isElsewhere = key.type & UInt16(SQFS_XATTR_FLAG_OOL.rawValue) != 0
        let value =
            try isElsewhere
            ? distantValue(metadata, path, &budget) : value(metadata, path, &budget)
        return Node.Xattr(name: Bytes(Self.prefixes[prefix].utf8) + name, value: value)
    }

    private func value(
        _ metadata: MetadataReader, _ path: TreePath, _ budget: inout MemoryBudget
    ) throws(SquashFSReadError) -> Bytes {
        var byteCount: UInt32 = 0
        try metadata.read(&byteCount, .xattrs(path))
        guard byteCount <= Self.longestValue else { throw source.damaged(.xattrs(path)) }
        try budget.spend(UInt64(byteCount) + 64)
        return try metadata.numbers(Int(byteCount), .xattrs(path))
    }

    /// A value that several sets share: here stands a reference to it.
    private func distantValue(
        _ metadata: MetadataReader, _ path: TreePath, _ budget: inout MemoryBudget
    ) throws(SquashFSReadError) -> Bytes {
        var byteCount: UInt32 = 0
        var reference: UInt64 = 0
        try metadata.read(&byteCount, .xattrs(path))
        guard byteCount == 8 else { throw source.damaged(.xattrs(path)) }
        try metadata.read(&reference, .xattrs(path))
        let position = metadata.position
        try metadata.seek(reference: reference, .xattrs(path))
        let value = try value(metadata, path, &budget)
        try metadata.seek(to: position, .xattrs(path))
        return value
    }
}

extension [UInt8] {
    /// A little-endian number that is there.
    fileprivate func number<Number: FixedWidthInteger>(at offset: Int, of: Number.Type) -> Number {
        (0..<(Number.bitWidth / 8)).reversed().reduce(0) { $0 << 8 | Number(self[offset + $1]) }
    }
}
