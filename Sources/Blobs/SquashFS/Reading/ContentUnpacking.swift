internal import CSquashFS
internal import SystemPackage
internal import Trees

/// Unpacks the contents of files into a spool: batch by batch, the blocks of a batch on all
/// processors, then one after another into the spool.
struct ContentUnpacking {
    private enum Step {
        case begin(byteCount: UInt64)
        /// Bytes of a slot of the batch to an offset of the content.
        case data(slot: Int, slotOffset: Int, byteCount: Int, offset: UInt64)
        case end(file: Int)
    }

    private let source: SourceRange
    private let blockSize: Int
    private let files: [TreeWalk.WantedFile]
    private let fragments: FragmentTable
    private let batch: BlockBatch
    /// What is to be done once the batch is unpacked.
    private var steps: [Step] = []
    private var contents: [Node.Content?]

    init(
        _ source: SourceRange, _ superblock: SuperblockFacts, files: [TreeWalk.WantedFile]
    ) throws(SquashFSReadError) {
        self.source = source
        blockSize = superblock.blockSize
        let fragments = try FragmentTable(source, superblock)
        // In the order they stand in the file: those who share a block come together.
        let places = files.map { fragments.place(of: $0.layout) }
        self.files = files.indices.sorted { (places[$0], $0) < (places[$1], $1) }.map { files[$0] }
        self.fragments = fragments
        batch = try BlockBatch(source, superblock)
        contents = Array(repeating: nil, count: files.count)
    }

    /// Returns the contents by node.
    mutating func run(
        into scratch: FilePath
    ) throws(SquashFSReadError) -> [(nodeIndex: Int, content: Node.Content)] {
        var spool: ContentSpool
        do throws(TreeError) {
            spool = try ContentSpool(for: source.name, in: scratch)
        } catch {
            throw .tree(error)
        }
        // Equal files share their blocks; they share their place in the spool too.
        var first: [FileLayout: Int] = [:]
        var twins: [(file: Int, first: Int)] = []
        for (index, file) in files.enumerated() {
            if let twin = first[file.layout] {
                twins.append((index, twin))
            } else {
                first[file.layout] = index
                try add(file, index, &spool)
            }
        }
        try flush(&spool)
        for twin in twins { contents[twin.file] = contents[twin.first] }
        return files.indices.map { (files[$0].nodeIndex, contents[$0]!) }
    }

    private mutating func add(
        _ file: TreeWalk.WantedFile, _ index: Int, _ spool: inout ContentSpool
    ) throws(SquashFSReadError) {
        let layout = file.layout
        steps.append(.begin(byteCount: layout.byteCount))
        var location = layout.start
        var offset: UInt64 = 0
        for stored in layout.blocks {
            let count = Int(min(UInt64(blockSize), layout.byteCount - offset))
            // A block of length 0 is a hole.
            if stored != 0 {
                let block = StoredBlock(location: location, field: stored)
                try add(block, from: 0, count, to: offset, of: file, &spool)
                location &+= UInt64(block.byteCount)
            }
            offset += UInt64(count)
        }
        if let fragment = layout.fragment {
            guard let block = fragments[fragment.index] else {
                throw source.damaged(.content(file.path))
            }
            let count = Int(layout.byteCount - offset)
            try add(block, from: Int(fragment.offset), count, to: offset, of: file, &spool)
        }
        steps.append(.end(file: index))
    }

    private mutating func add(
        _ block: StoredBlock, from slotOffset: Int, _ byteCount: Int, to offset: UInt64,
        of file: TreeWalk.WantedFile, _ spool: inout ContentSpool
    ) throws(SquashFSReadError) {
        guard (1...blockSize).contains(block.byteCount) else {
            throw source.damaged(.content(file.path))
        }
        if batch.isFull { try flush(&spool) }
        let slot = batch.slot(for: block, needing: slotOffset + byteCount, path: file.path)
        steps.append(
            .data(slot: slot, slotOffset: slotOffset, byteCount: byteCount, offset: offset))
    }

    private mutating func flush(_ spool: inout ContentSpool) throws(SquashFSReadError) {
        try batch.unpack()
        do throws(TreeError) {
            for step in steps {
                switch step {
                case .begin(let byteCount): spool.begin(byteCount: byteCount)
                case .data(let slot, let slotOffset, let byteCount, let offset):
                    let bytes = batch[slot][slotOffset..<(slotOffset + byteCount)]
                    try spool.append(UnsafeRawBufferPointer(rebasing: bytes), at: offset)
                case .end(let file): contents[file] = spool.end()
                }
            }
        } catch {
            throw .tree(error)
        }
        steps.removeAll(keepingCapacity: true)
        batch.clear()
    }
}

/// A block as it stands in the file.
struct StoredBlock: Hashable {
    let location: UInt64
    /// Length in bytes, as stored.
    let byteCount: Int
    let isCompressed: Bool

    private static let uncompressedFlag: UInt32 = 1 << 24

    /// - Parameter field: the length as inodes and the fragment table have it.
    init(location: UInt64, field: UInt32) {
        self.location = location
        byteCount = Int(field & ~Self.uncompressedFlag)
        isCompressed = field & Self.uncompressedFlag == 0
    }
}

/// The blocks that several files share.
final class FragmentTable {
    private let object: LibraryObject

    init(_ source: SourceRange, _ superblock: SuperblockFacts) throws(SquashFSReadError) {
        guard let table = sqfs_frag_table_create(0) else {
            throw .library(call: "sqfs_frag_table_create")
        }
        object = LibraryObject(UnsafeMutableRawPointer(table))
        guard superblock.hasFragments else { return }
        let file = LibraryFile(source)
        let unpacker = try superblock.unpacker(source)
        var raw = superblock.raw
        try file.check(
            sqfs_frag_table_read(table, file.pointer, &raw, unpacker.pointer),
            .table("fragment table"))
    }

    /// Nil when there is none of that number.
    subscript(index: UInt32) -> StoredBlock? {
        var fragment = sqfs_fragment_t()
        guard sqfs_frag_table_lookup(object.opaque, index, &fragment) >= 0 else { return nil }
        return StoredBlock(location: fragment.start_offset, field: fragment.size)
    }

    /// File offset of the first byte a file has in the file system.
    func place(of layout: FileLayout) -> UInt64 {
        if layout.blocks.contains(where: { $0 != 0 }) { return layout.start }
        return layout.fragment.flatMap { self[$0.index]?.location } ?? 0
    }
}
