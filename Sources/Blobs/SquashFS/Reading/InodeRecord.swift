internal import CSquashFS
internal import Trees

/// An inode as the table has it.
struct InodeRecord {
    enum Kind {
        case directory(Listing)
        case file(FileLayout)
        /// Everything without contents of its own.
        case other(Node.Kind)
    }

    /// Where the names of a directory stand in the directory table.
    struct Listing {
        let block: UInt64
        let offset: Int
        /// In bytes, headers included.
        let byteCount: Int
    }

    var base = sqfs_inode_t()
    var kind = Kind.other(.fifo)
    /// "None" is the highest number.
    var xattrIndex = UInt32.max

    var number: UInt32 { base.inode_number }
}

/// Where the content of a regular file stands.
struct FileLayout: Hashable {
    /// File offset of the first stored block.
    let start: UInt64
    let byteCount: UInt64
    /// Stored lengths of the blocks, 0 for one that is all zeros; bit 24: not compressed.
    let blocks: [UInt32]
    /// The end of the file, where it shares a block with others.
    let fragment: Fragment?

    struct Fragment: Hashable {
        let index: UInt32
        let offset: UInt32
    }
}

/// Reads inodes one by one.
struct InodeReader {
    private let metadata: MetadataReader
    private let source: SourceRange
    private let blockSize: UInt64
    /// What readlink(2) returns at most on Linux.
    private static let longestTarget: UInt32 = 4095

    init(
        _ superblock: SuperblockFacts, _ unpacker: Unpacker, _ file: LibraryFile
    ) throws(SquashFSReadError) {
        metadata = try MetadataReader(superblock.inodes, unpacker, file)
        source = file.source
        blockSize = UInt64(superblock.blockSize)
    }

    /// - Parameter path: for messages.
    func inode(
        at reference: UInt64, path: TreePath, _ budget: inout MemoryBudget
    ) throws(SquashFSReadError) -> InodeRecord {
        var record = InodeRecord()
        try metadata.seek(reference: reference, .inode(path, field: "place"))
        try read(&record.base, path)
        switch SQFS_INODE_TYPE(UInt32(record.base.type)) {
        case SQFS_INODE_DIR, SQFS_INODE_EXT_DIR: try readDirectory(&record, path)
        case SQFS_INODE_FILE: try readFile(&record, path, &budget)
        case SQFS_INODE_EXT_FILE: try readExtendedFile(&record, path, &budget)
        case SQFS_INODE_SLINK, SQFS_INODE_EXT_SLINK:
            try readSymlink(&record, path, &budget)
        case SQFS_INODE_BDEV, SQFS_INODE_CDEV, SQFS_INODE_EXT_BDEV, SQFS_INODE_EXT_CDEV:
            try readDevice(&record, path)
        case SQFS_INODE_FIFO, SQFS_INODE_SOCKET, SQFS_INODE_EXT_FIFO, SQFS_INODE_EXT_SOCKET:
            var raw = sqfs_inode_ipc_t()
            try read(&raw, path)
            let type = record.base.type
            if type >= UInt16(SQFS_INODE_EXT_FIFO.rawValue) {
                try read(&record.xattrIndex, path)
            }
            let isFIFO =
                type == UInt16(SQFS_INODE_FIFO.rawValue)
                || type == UInt16(SQFS_INODE_EXT_FIFO.rawValue)
            record.kind = .other(isFIFO ? .fifo : .socket)
        default: throw source.damaged(.inode(path, field: "type"))
        }
        return record
    }

    private func read<Value>(_ value: inout Value, _ path: TreePath) throws(SquashFSReadError) {
        try metadata.read(&value, .inode(path, field: "end"))
    }

    // MARK: Kinds

    private func readDirectory(
        _ record: inout InodeRecord, _ path: TreePath
    ) throws(SquashFSReadError) {
        // The length counts three bytes that are not there, for `.` and `..`
        // (fs/squashfs/dir.c, squashfs_readdir).
        func listing(_ block: UInt32, _ offset: UInt16, _ byteCount: UInt32) -> InodeRecord.Kind {
            .directory(
                InodeRecord.Listing(
                    block: UInt64(block), offset: Int(offset), byteCount: max(0, Int(byteCount) - 3)
                ))
        }
        if record.base.type == UInt16(SQFS_INODE_DIR.rawValue) {
            var raw = sqfs_inode_dir_t()
            try read(&raw, path)
            record.kind = listing(raw.start_block, raw.offset, UInt32(raw.size))
        } else {
            // The index that may follow only saves a lookup time.
            var raw = sqfs_inode_dir_ext_t()
            try read(&raw, path)
            record.kind = listing(raw.start_block, raw.offset, raw.size)
            record.xattrIndex = raw.xattr_idx
        }
    }

    private func readFile(
        _ record: inout InodeRecord, _ path: TreePath, _ budget: inout MemoryBudget
    ) throws(SquashFSReadError) {
        var raw = sqfs_inode_file_t()
        try read(&raw, path)
        record.kind = .file(
            try layout(
                start: UInt64(raw.blocks_start), byteCount: UInt64(raw.file_size),
                fragment: .init(index: raw.fragment_index, offset: raw.fragment_offset),
                path, &budget))
    }

    private func readExtendedFile(
        _ record: inout InodeRecord, _ path: TreePath, _ budget: inout MemoryBudget
    ) throws(SquashFSReadError) {
        var raw = sqfs_inode_file_ext_t()
        try read(&raw, path)
        record.xattrIndex = raw.xattr_idx
        record.kind = .file(
            try layout(
                start: raw.blocks_start, byteCount: raw.file_size,
                fragment: .init(index: raw.fragment_idx, offset: raw.fragment_offset), path,
                &budget))
    }

    private func layout(
        start: UInt64, byteCount: UInt64, fragment: FileLayout.Fragment, _ path: TreePath,
        _ budget: inout MemoryBudget
    ) throws(SquashFSReadError) -> FileLayout {
        // off_t ends there.
        guard byteCount <= UInt64(Int64.max) else {
            throw source.damaged(.inode(path, field: "length"))
        }
        let tail = byteCount % blockSize
        let hasFragment = fragment.index != UInt32.max && tail > 0
        guard !hasFragment || UInt64(fragment.offset) + tail <= blockSize else {
            throw source.damaged(.inode(path, field: "fragment"))
        }
        let count = byteCount / blockSize + (tail > 0 && !hasFragment ? 1 : 0)
        try budget.spend(count * 4)
        let blocks = try metadata.numbers(
            Int(count), of: UInt32.self, .inode(path, field: "blocks"))
        return FileLayout(
            start: start, byteCount: byteCount, blocks: blocks,
            fragment: hasFragment ? fragment : nil)
    }

    private func readSymlink(
        _ record: inout InodeRecord, _ path: TreePath, _ budget: inout MemoryBudget
    ) throws(SquashFSReadError) {
        var raw = sqfs_inode_slink_t()
        try read(&raw, path)
        guard (1...Self.longestTarget).contains(raw.target_size) else {
            throw source.damaged(.inode(path, field: "target"))
        }
        try budget.spend(UInt64(raw.target_size))
        let target: Bytes = try metadata.numbers(
            Int(raw.target_size), .inode(path, field: "target"))
        guard !target.contains(0) else {
            throw source.damaged(.inode(path, field: "target"))
        }
        if record.base.type == UInt16(SQFS_INODE_EXT_SLINK.rawValue) {
            try read(&record.xattrIndex, path)
        }
        record.kind = .other(.symlink(target: target))
    }

    private func readDevice(
        _ record: inout InodeRecord, _ path: TreePath
    ) throws(SquashFSReadError) {
        var raw = sqfs_inode_dev_t()
        try read(&raw, path)
        let type = SQFS_INODE_TYPE(UInt32(record.base.type))
        if type == SQFS_INODE_EXT_BDEV || type == SQFS_INODE_EXT_CDEV {
            try read(&record.xattrIndex, path)
        }
        // new_encode_dev of linux/kdev_t.h.
        let device = Node.Device(
            major: raw.devno >> 8 & 0xfff, minor: raw.devno & 0xff | raw.devno >> 12 & 0xfff00)
        let isBlock = type == SQFS_INODE_BDEV || type == SQFS_INODE_EXT_BDEV
        record.kind = .other(isBlock ? .blockDevice(device) : .characterDevice(device))
    }
}
