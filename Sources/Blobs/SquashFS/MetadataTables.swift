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
    /// The directory table, until the inode table, which grows at the same time, is complete.
    private let directoryTable = MetadataBuffer()
    private let listing: LibraryObject

    init(_ compressor: borrowing Compressor, _ file: borrowing OutputFile) throws(BlobError) {
        self.compressor = compressor.pointer
        let inodes = try file.created(
            sqfs_meta_writer_create(file.pointer, compressor.pointer, 0),
            "sqfs_meta_writer_create")
        let directories = try file.created(
            sqfs_meta_writer_create(directoryTable.pointer, compressor.pointer, 0),
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
        try directoryTable.write(to: file)
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
        // Of what is listed again later: directories, and nodes that have other names.
        var references = [UInt64](repeating: 0, count: shape.directories.count)
        var linkReferences: [Int: UInt64] = [:]
        func write(
            _ node: NodeOutline, _ index: Int, _ raw: UnsafeMutablePointer<sqfs_inode_generic_t>
        ) throws(BlobError) -> UInt64 {
            defer { sqfs_free(raw) }
            try fill(raw, node, index, &owners, &xattrs, file)
            let reference = position()
            try file.check(
                sqfs_meta_writer_write_inode(inodes.opaque, raw), "sqfs_meta_writer_write_inode")
            return reference
        }
        func reference(
            of node: NodeOutline, _ index: Int, _ subdirectory: Int?
        ) throws(BlobError) -> UInt64 {
            if let subdirectory { return references[subdirectory] }
            if let known = linkReferences[index] { return known }
            let nameCount = shape.nameCount(ofNode: index)
            let raw = try inode(node, index, contents, nameCount: nameCount, file)
            let reference = try write(node, index, raw)
            if nameCount > 1 { linkReferences[index] = reference }
            return reference
        }
        for number in shape.directories.indices.reversed() {
            let directory = shape.entry(ofDirectory: number, in: tree)
            var subdirectoryCount: UInt32 = 0
            var names = NameBuffer(in: directory.path)
            try file.check(sqfs_dir_writer_begin(listing.opaque, 0), "sqfs_dir_writer_begin")
            try shape.forEachChild(of: number) { position, subdirectory throws(BlobError) in
                let entry = tree.entries[position]
                let index = entry.nodeIndex
                let node = tree.outline(node: index)
                if subdirectory != nil { subdirectoryCount += 1 }
                try file.check(
                    sqfs_dir_writer_add_entry(
                        listing.opaque, names.name(of: entry.path), Self.number(ofInode: index),
                        try reference(of: node, index, subdirectory), node.mode),
                    "sqfs_dir_writer_add_entry")
            }
            try file.check(sqfs_dir_writer_end(listing.opaque), "sqfs_dir_writer_end")
            let raw = try directoryInode(
                linkCount: subdirectoryCount + 2, parent: parentNumber(of: number, shape, tree),
                file)
            let index = directory.nodeIndex
            references[number] = try write(tree.outline(node: index), index, raw)
        }
        return references[0]
    }

    /// What all kinds of inodes have.
    private func fill(
        _ raw: UnsafeMutablePointer<sqfs_inode_generic_t>, _ node: NodeOutline, _ index: Int,
        _ owners: inout OwnerTable, _ xattrs: inout XattrTable, _ file: borrowing OutputFile
    ) throws(BlobError) {
        let xattrIndex = try xattrs.index(of: node.xattrs, file)
        try file.check(sqfs_inode_set_xattr_index(raw, xattrIndex), "sqfs_inode_set_xattr_index")
        raw.pointee.base.mode = node.mode
        raw.pointee.base.mod_time = UInt32(min(max(node.mtimeSeconds, 0), Int64(UInt32.max)))
        raw.pointee.base.inode_number = Self.number(ofInode: index)
        raw.pointee.base.uid_idx = try owners.index(of: node.uid, file)
        raw.pointee.base.gid_idx = try owners.index(of: node.gid, file)
    }

    /// The root's is a number that no inode has.
    private func parentNumber(
        of directory: Int, _ shape: TreeShape, _ tree: MergedTree
    ) -> UInt32 {
        let parent = Int(shape.directories[directory].parent)
        if parent < 0 { return Self.number(ofInode: tree.nodes.count) }
        return Self.number(ofInode: shape.entry(ofDirectory: parent, in: tree).nodeIndex)
    }

    /// Of the inode that is written next, as listings refer to it.
    private func position() -> UInt64 {
        var block: UInt64 = 0
        var offset: UInt32 = 0
        sqfs_meta_writer_get_position(inodes.opaque, &block, &offset)
        return block << 16 | UInt64(offset)
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

/// Names of one directory as C has them, one after the other in the same memory.
private struct NameBuffer {
    private let prefixByteCount: Int
    private var name: [CChar] = []

    init(in directory: TreePath) {
        // Each starts behind the slash.
        prefixByteCount = directory.isRoot ? 0 : directory.bytes.count + 1
    }

    mutating func name(of path: TreePath) -> [CChar] {
        name.removeAll(keepingCapacity: true)
        for byte in path.bytes[prefixByteCount...] { name.append(CChar(bitPattern: byte)) }
        name.append(0)
        return name
    }
}
