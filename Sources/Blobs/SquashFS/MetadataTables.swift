internal import CSquashFS
internal import Trees

/// Inodes, directories, owners, attributes and the export table, in the order the kernel wants
/// them behind the contents (fs/squashfs/super.c reads them from the end).
struct MetadataTables: ~Copyable {
    /// "No attributes", and "no fragment".
    static let none: UInt32 = 0xffff_ffff

    private let compressor: UnsafeMutablePointer<sqfs_compressor_t>
    private let inodes: LibraryObject
    private let directories: LibraryObject
    private let listing: LibraryObject

    init(_ compressor: borrowing Compressor, _ file: borrowing OutputFile) throws(BlobError) {
        self.compressor = compressor.pointer
        let inodes = try file.created(
            sqfs_meta_writer_create(file.pointer, compressor.pointer, 0),
            "sqfs_meta_writer_create")
        // Kept in memory until the inode table, which grows at the same time, is complete.
        let directories = try file.created(
            sqfs_meta_writer_create(
                file.pointer, compressor.pointer, SQFS_META_WRITER_KEEP_IN_MEMORY.rawValue),
            "sqfs_meta_writer_create")
        listing = try file.created(
            sqfs_dir_writer_create(
                directories.opaque, SQFS_DIR_WRITER_CREATE_EXPORT_TABLE.rawValue),
            "sqfs_dir_writer_create")
        self.inodes = inodes
        self.directories = directories
    }

    consuming func write(
        _ tree: MergedTree, _ contents: borrowing Contents, _ superblock: inout Superblock,
        _ file: borrowing OutputFile
    ) throws(BlobError) {
        superblock.raw.inode_table_start = file.byteCount
        superblock.raw.inode_count = UInt32(tree.nodes.count)
        var owners = try OwnerTable(file)
        var xattrs = try XattrTable(file)
        superblock.raw.root_inode_ref = try writeInodes(tree, contents, &owners, &xattrs, file)
        try file.check(sqfs_meta_writer_flush(inodes.opaque), "sqfs_meta_writer_flush")
        try file.check(sqfs_meta_writer_flush(directories.opaque), "sqfs_meta_writer_flush")
        superblock.raw.directory_table_start = file.byteCount
        try file.check(
            sqfs_meta_write_write_to_file(directories.opaque), "sqfs_meta_write_write_to_file")
        try file.check(
            sqfs_frag_table_write(
                contents.fragments.opaque, file.pointer, &superblock.raw, compressor),
            "sqfs_frag_table_write")
        try file.check(
            sqfs_dir_writer_write_export_table(
                listing.opaque, file.pointer, compressor, Self.number(ofInode: 0),
                superblock.raw.root_inode_ref, &superblock.raw),
            "sqfs_dir_writer_write_export_table")
        try owners.write(&superblock, compressor, file)
        try xattrs.write(&superblock, compressor, file)
    }

    /// Node numbers follow the first names of the inodes; the root is 1.
    private static func number(ofInode index: Int) -> UInt32 { UInt32(index) + 1 }

    /// Directory by directory, the deepest first, for a listing refers to inodes written before
    /// it. What stands in one directory stands together. Returns the reference of the root.
    private func writeInodes(
        _ tree: MergedTree, _ contents: borrowing Contents, _ owners: inout OwnerTable,
        _ xattrs: inout XattrTable, _ file: borrowing OutputFile
    ) throws(BlobError) -> UInt64 {
        let shape = TreeShape(tree)
        var references = [UInt64?](repeating: nil, count: tree.nodes.count)
        func write(
            _ index: Int, _ raw: UnsafeMutablePointer<sqfs_inode_generic_t>
        ) throws(BlobError) {
            defer { sqfs_free(raw) }
            let inode = tree.nodes[index]
            let xattrIndex = try xattrs.index(of: inode.xattrs, file)
            try file.check(
                sqfs_inode_set_xattr_index(raw, xattrIndex), "sqfs_inode_set_xattr_index")
            raw.pointee.base.mode = inode.mode
            raw.pointee.base.mod_time = UInt32(
                min(max(inode.mtimeSeconds, 0), Int64(UInt32.max)))
            raw.pointee.base.inode_number = Self.number(ofInode: index)
            raw.pointee.base.uid_idx = try owners.index(of: inode.uid, file)
            raw.pointee.base.gid_idx = try owners.index(of: inode.gid, file)
            references[index] = reference()
            try file.check(
                sqfs_meta_writer_write_inode(inodes.opaque, raw), "sqfs_meta_writer_write_inode")
        }
        for directory in tree.entries.indices.reversed()
        where tree.nodes[tree.entries[directory].nodeIndex].isDirectory {
            var subdirectoryCount: UInt32 = 0
            try shape.forEachChild(of: directory) { child throws(BlobError) in
                let index = tree.entries[child].nodeIndex
                if tree.nodes[index].isDirectory {
                    subdirectoryCount += 1
                } else if references[index] == nil {
                    let names = shape.nameCounts[index]
                    let raw = try self.inode(index, tree, contents, nameCount: names, file)
                    try write(index, raw)
                }
            }
            try list(directory, tree, shape, references, file)
            let parent = Int(shape.parents[directory])
            let parentNumber =
                parent < 0
                ? UInt32(tree.nodes.count) + 1
                : Self.number(ofInode: tree.entries[parent].nodeIndex)
            let raw = try directoryInode(
                linkCount: subdirectoryCount + 2, parent: parentNumber, file)
            try write(tree.entries[directory].nodeIndex, raw)
        }
        return references[tree.entries[0].nodeIndex]!
    }

    private func reference() -> UInt64 {
        var block: UInt64 = 0
        var offset: UInt32 = 0
        sqfs_meta_writer_get_position(inodes.opaque, &block, &offset)
        return block << 16 | UInt64(offset)
    }

    private func list(
        _ directory: Int, _ tree: MergedTree, _ shape: TreeShape, _ references: [UInt64?],
        _ file: borrowing OutputFile
    ) throws(BlobError) {
        try file.check(sqfs_dir_writer_begin(listing.opaque, 0), "sqfs_dir_writer_begin")
        // One for all names of the directory; each starts behind the slash.
        let prefix = tree.entries[directory].path.bytes.count
        var name: [CChar] = []
        try shape.forEachChild(of: directory) { child throws(BlobError) in
            let entry = tree.entries[child]
            let start = prefix == 0 ? 0 : prefix + 1
            name.removeAll(keepingCapacity: true)
            for byte in entry.path.bytes[start...] { name.append(CChar(bitPattern: byte)) }
            name.append(0)
            try file.check(
                sqfs_dir_writer_add_entry(
                    listing.opaque, name, Self.number(ofInode: entry.nodeIndex),
                    references[entry.nodeIndex]!, tree.nodes[entry.nodeIndex].mode),
                "sqfs_dir_writer_add_entry")
        }
        try file.check(sqfs_dir_writer_end(listing.opaque), "sqfs_dir_writer_end")
    }

    private func directoryInode(
        linkCount: UInt32, parent: UInt32, _ file: borrowing OutputFile
    ) throws(BlobError) -> UnsafeMutablePointer<sqfs_inode_generic_t> {
        guard let raw = sqfs_dir_writer_create_inode(listing.opaque, 0, Self.none, parent) else {
            throw .library(call: "sqfs_dir_writer_create_inode", error: "SQFS_ERROR_ALLOC")
        }
        if raw.pointee.base.type == UInt16(SQFS_INODE_DIR.rawValue) {
            raw.pointee.data.dir.nlink = linkCount
        } else {
            raw.pointee.data.dir_ext.nlink = linkCount
        }
        return raw
    }
}
