internal import CSquashFS
internal import Trees

/// The contents of all regular files: compressed blocks, and fragments for the tails.
///
/// libsquashfs cuts, compresses (on its own threads), finds duplicates and writes; this feeds it,
/// file by file in the order of the tree, and keeps the inodes it fills in.
struct ContentArea: ~Copyable {
    typealias Slot = UnsafeMutablePointer<sqfs_inode_generic_t>?

    let fragments: LibraryObject
    private let blockSize: Int
    /// One for each inode of the tree; nil for what is no regular file. Their addresses are
    /// the library's until everything is written.
    private let slots: UnsafeMutableBufferPointer<Slot>
    private let unpacker: Compressor
    private let blocks: LibraryObject
    private let processor: LibraryObject

    init(
        _ tree: MergedTree, _ options: SquashFS.Options, _ compressor: borrowing Compressor,
        _ file: borrowing OutputFile
    ) throws(BlobError) {
        let fragments = try file.created(sqfs_frag_table_create(0), "sqfs_frag_table_create")
        let unpacker = try Compressor(
            options.compression, blockSize: options.blockSize, unpacking: true, file)
        guard let writer = sqfs_block_writer_create(file.pointer, 4096, 0) else {
            throw .library(call: "sqfs_block_writer_create", error: "SQFS_ERROR_ALLOC")
        }
        let blocks = LibraryObject(UnsafeMutableRawPointer(writer))
        var description = sqfs_block_processor_desc_t()
        description.size = UInt32(MemoryLayout<sqfs_block_processor_desc_t>.size)
        description.max_block_size = UInt32(options.blockSize)
        description.num_workers = UInt32(options.workers)
        // Blocks in flight, each with a buffer: enough that no worker waits for the feeder.
        description.max_backlog = UInt32(10 * options.workers)
        description.cmp = compressor.pointer
        description.wr = writer
        description.tbl = fragments.opaque
        // With these two, equal hashes are not taken for equal fragments.
        description.file = file.pointer
        description.uncmp = unpacker.pointer
        var processor: OpaquePointer?
        try file.check(
            sqfs_block_processor_create_ex(&description, &processor),
            "sqfs_block_processor_create_ex")
        self.processor = try file.created(processor, "sqfs_block_processor_create_ex")
        self.fragments = fragments
        self.unpacker = unpacker
        self.blocks = blocks
        blockSize = options.blockSize
        slots = .allocate(capacity: tree.nodes.count)
        slots.initialize(repeating: nil)
    }

    deinit {
        for slot in slots { sqfs_free(slot) }
        slots.deallocate()
    }

    /// The inode of a regular file as far as its contents decide it; to be freed by the caller.
    func takeInode(_ index: Int) -> UnsafeMutablePointer<sqfs_inode_generic_t>? {
        let inode = slots[index]
        slots[index] = nil
        return inode
    }

    /// - Returns: which files changed while they were read and were allowed to.
    func write(
        _ tree: MergedTree, _ file: borrowing OutputFile, _ progress: (BlobProgress) -> Void
    ) throws(BlobError) -> [BlobNote] {
        var notes: [BlobNote] = []
        var state = BlobProgress(
            inodeCount: tree.nodes.count, byteCount: tree.counts.contentByteCount)
        let sizes = SizeCensus(tree, blockSize: blockSize)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: blockSize, alignment: 4096)
        defer { buffer.deallocate() }
        for (index, inode) in tree.nodes.enumerated() {
            if case .regular(let content) = inode.kind {
                try begin(index, mayHaveTwin: sizes.mayHaveTwin(inode.byteCount), file)
                let note = try append(content, by: buffer, file) { count in
                    state.bytesDone += UInt64(count)
                    progress(state)
                }
                if let note { notes.append(note) }
                try file.check(
                    sqfs_block_processor_end_file(processor.opaque),
                    "sqfs_block_processor_end_file")
            }
            state.inodesDone += 1
            progress(state)
        }
        try file.check(
            sqfs_block_processor_finish(processor.opaque), "sqfs_block_processor_finish")
        return notes
    }

    private func begin(
        _ index: Int, mayHaveTwin: Bool, _ file: borrowing OutputFile
    ) throws(BlobError) {
        let flags = mayHaveTwin ? 0 : SQFS_BLK_DONT_DEDUPLICATE.rawValue
        try file.check(
            sqfs_block_processor_begin_file(
                processor.opaque, slots.baseAddress! + index, nil, flags),
            "sqfs_block_processor_begin_file")
    }

    private func append(
        _ content: Node.Content, by buffer: UnsafeMutableRawBufferPointer,
        _ file: borrowing OutputFile, _ done: (Int) -> Void
    ) throws(BlobError) -> BlobNote? {
        var reader = try SourceReader(content)
        while true {
            let count = try reader.next(into: buffer)
            if count == 0 { break }
            try file.check(
                sqfs_block_processor_append(processor.opaque, buffer.baseAddress, count),
                "sqfs_block_processor_append")
            done(count)
        }
        return try reader.finish()
    }
}
