internal import CSquashFS
internal import Trees

/// Sets of extended attributes, each once; inodes refer to them by position.
struct XattrTable: ~Copyable {
    private let table: LibraryObject
    private var indices: [[Node.Xattr]: UInt32] = [:]

    init(_ file: borrowing OutputFile) throws(BlobError) {
        table = try file.created(sqfs_xattr_writer_create(0), "sqfs_xattr_writer_create")
    }

    mutating func index(
        of xattrs: [Node.Xattr], _ file: borrowing OutputFile
    ) throws(BlobError) -> UInt32 {
        if xattrs.isEmpty { return MetadataTables.none }
        if let known = indices[xattrs] { return known }
        try file.check(sqfs_xattr_writer_begin(table.opaque, 0), "sqfs_xattr_writer_begin")
        for xattr in xattrs {
            let name = (xattr.name + [0]).map(CChar.init(bitPattern:))
            let code = xattr.value.withUnsafeBytes {
                sqfs_xattr_writer_add(table.opaque, name, $0.baseAddress, $0.count)
            }
            try file.check(code, "sqfs_xattr_writer_add")
        }
        var index: UInt32 = 0
        try file.check(sqfs_xattr_writer_end(table.opaque, &index), "sqfs_xattr_writer_end")
        indices[xattrs] = index
        return index
    }

    func write(
        _ superblock: inout Superblock, _ compressor: UnsafeMutablePointer<sqfs_compressor_t>,
        _ file: borrowing OutputFile
    ) throws(BlobError) {
        try file.check(
            sqfs_xattr_writer_flush(table.opaque, file.pointer, &superblock.raw, compressor),
            "sqfs_xattr_writer_flush")
    }
}
