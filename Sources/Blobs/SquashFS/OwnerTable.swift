internal import CSquashFS

/// Users and groups, each once; inodes refer to them by position. The library searches its table
/// from the start every time, so the positions are remembered here.
struct OwnerTable: ~Copyable {
    private let table: LibraryObject
    private var indices: [UInt32: UInt16] = [:]

    init(_ file: borrowing OutputFile) throws(BlobError) {
        table = try file.created(sqfs_id_table_create(0), "sqfs_id_table_create")
    }

    mutating func index(
        of id: UInt32, _ file: borrowing OutputFile
    ) throws(BlobError) -> UInt16 {
        if let known = indices[id] { return known }
        var index: UInt16 = 0
        try file.check(
            sqfs_id_table_id_to_index(table.opaque, id, &index), "sqfs_id_table_id_to_index")
        indices[id] = index
        return index
    }

    func write(
        _ superblock: inout Superblock, _ compressor: UnsafeMutablePointer<sqfs_compressor_t>,
        _ file: borrowing OutputFile
    ) throws(BlobError) {
        try file.check(
            sqfs_id_table_write(table.opaque, file.pointer, &superblock.raw, compressor),
            "sqfs_id_table_write")
    }
}
