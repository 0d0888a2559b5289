internal import CSquashFS
internal import Trees

/// Goes through a file system from its root and notes what is there; contents come later.
struct TreeWalk {
    private(set) var nodes: [Node] = []
    private(set) var entries: [Layer.Entry] = []
    /// Regular files whose contents somebody wants: node, path for messages, place.
    private(set) var wanted: [WantedFile] = []

    private let source: SourceRange
    private let superblock: SuperblockFacts
    private let inodes: InodeReader
    private let listings: ListingReader
    private var xattrs: XattrReader
    private let owners: [UInt32]
    private var budget: MemoryBudget
    /// By inode number.
    private var known: [UInt32: Known] = [:]

    struct WantedFile {
        let nodeIndex: Int
        let path: TreePath
        let layout: FileLayout
    }

    private struct Known {
        let reference: UInt64
        let nodeIndex: Int
        /// Of a regular file nobody wanted so far: another of its names may be wanted.
        var unwanted: FileLayout?
    }

    /// A directory on the way down.
    private struct Level {
        let path: TreePath
        /// Sorted backwards: the next one is the last.
        var pending: [ListingReader.Item]
    }

    init(
        _ source: SourceRange, _ superblock: SuperblockFacts
    ) throws(SquashFSReadError) {
        let file = LibraryFile(source)
        let unpacker = try superblock.unpacker(source)
        inodes = try InodeReader(superblock, unpacker, file)
        listings = try ListingReader(superblock, unpacker, file)
        xattrs = try XattrReader(superblock, unpacker, file)
        owners = try Self.owners(superblock, unpacker, file)
        budget = MemoryBudget(for: source)
        self.superblock = superblock
        self.source = source
    }

    /// Users and groups by their numbers in inodes.
    private static func owners(
        _ superblock: SuperblockFacts, _ unpacker: Unpacker, _ file: LibraryFile
    ) throws(SquashFSReadError) -> [UInt32] {
        guard let pointer = sqfs_id_table_create(0) else {
            throw .library(call: "sqfs_id_table_create")
        }
        let table = LibraryObject(UnsafeMutableRawPointer(pointer))
        var raw = superblock.raw
        try file.check(
            sqfs_id_table_read(table.opaque, file.pointer, &raw, unpacker.pointer),
            .table("owner table"))
        var owners = [UInt32](repeating: 0, count: Int(raw.id_count))
        for index in owners.indices {
            try file.check(
                sqfs_id_table_index_to_id(table.opaque, UInt16(index), &owners[index]),
                .table("owner table"))
        }
        return owners
    }

    mutating func run(wanting isWanted: (TreePath) -> Bool) throws(SquashFSReadError) {
        let root = try inodes.inode(
            at: superblock.raw.root_inode_ref, path: .root, &budget)
        guard case .directory(let listing) = root.kind else {
            throw source.damaged(.inode(.root, field: "type"))
        }
        known[root.number] = Known(
            reference: superblock.raw.root_inode_ref, nodeIndex: try add(root, path: .root))
        entries.append(Layer.Entry(path: .root, nodeIndex: 0))
        var levels = [try level(listing, path: .root)]
        while let last = levels.indices.last {
            guard let item = levels[last].pending.popLast() else {
                levels.removeLast()
                continue
            }
            let path = levels[last].path.appending(item.name)
            if let below = try visit(item, path: path, wanting: isWanted) {
                levels.append(try level(below, path: path))
            }
        }
    }

    private mutating func level(
        _ listing: InodeRecord.Listing, path: TreePath
    ) throws(SquashFSReadError) -> Level {
        Level(
            path: path, pending: try listings.items(of: listing, path: path, &budget).reversed())
    }

    /// Returns the listing of what turns out to be a directory.
    private mutating func visit(
        _ item: ListingReader.Item, path: TreePath, wanting isWanted: (TreePath) -> Bool
    ) throws(SquashFSReadError) -> InodeRecord.Listing? {
        if var twin = known[item.number] {
            guard twin.reference == item.reference else {
                throw source.damaged(.inode(path, field: "number"))
            }
            guard !nodes[twin.nodeIndex].isDirectory else {
                throw source.damaged(.directoryTwice(path))
            }
            entries.append(Layer.Entry(path: path, nodeIndex: twin.nodeIndex))
            if let layout = twin.unwanted, isWanted(path) {
                wanted.append(WantedFile(nodeIndex: twin.nodeIndex, path: path, layout: layout))
                twin.unwanted = nil
                known[item.number] = twin
            }
            return nil
        }
        let record = try inodes.inode(at: item.reference, path: path, &budget)
        guard record.number == item.number else {
            throw source.damaged(.inode(path, field: "number"))
        }
        let nodeIndex = try add(record, path: path)
        entries.append(Layer.Entry(path: path, nodeIndex: nodeIndex))
        var twin = Known(reference: item.reference, nodeIndex: nodeIndex, unwanted: nil)
        defer { known[item.number] = twin }
        switch record.kind {
        case .directory(let listing): return listing
        case .other: return nil
        case .file(let layout):
            if isWanted(path) {
                wanted.append(WantedFile(nodeIndex: nodeIndex, path: path, layout: layout))
            } else {
                twin.unwanted = layout
            }
            return nil
        }
    }

    private mutating func add(
        _ record: InodeRecord, path: TreePath
    ) throws(SquashFSReadError) -> Int {
        guard nodes.count < Int(superblock.raw.inode_count) else {
            throw source.damaged(.superblock(field: "inode count"))
        }
        let kind: Node.Kind =
            switch record.kind {
            case .directory: .directory
            case .other(let kind): kind
            case .file(let layout):
                .regular(.unread(byteCount: layout.byteCount, of: source.name))
            }
        nodes.append(
            Node(
                kind, permissions: record.base.mode,
                uid: try owner(record.base.uid_idx, path),
                gid: try owner(record.base.gid_idx, path),
                mtimeSeconds: Int64(record.base.mod_time),
                xattrs: try xattrs.xattrs(record.xattrIndex, path: path, &budget)))
        return nodes.count - 1
    }

    private func owner(_ index: UInt16, _ path: TreePath) throws(SquashFSReadError) -> UInt32 {
        guard owners.indices.contains(Int(index)) else {
            throw source.damaged(.inode(path, field: "owner"))
        }
        return owners[Int(index)]
    }

    mutating func setContent(_ content: Node.Content, of nodeIndex: Int) {
        nodes[nodeIndex].kind = .regular(content)
    }
}
