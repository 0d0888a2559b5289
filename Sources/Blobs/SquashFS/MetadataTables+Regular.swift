internal import CSquashFS
internal import Trees

extension MetadataTables {
    /// The inode of a regular file of so many bytes; to be freed.
    ///
    /// The library picks the basic form or the extended one. The latter holds lengths and places
    /// beyond 32 bits, a link count, and how much is not stored for being zero.
    func regular(
        _ index: Int, byteCount: UInt64, _ contents: borrowing Contents, nameCount: UInt32,
        _ file: borrowing OutputFile
    ) throws(BlobError) -> UnsafeMutablePointer<sqfs_inode_generic_t> {
        let tail = contents.locations.tails[index]
        let blocks = contents.blocks(of: index, byteCount: byteCount)
        let sizes = blocks.sizes
        let raw = try allocate(
            SQFS_INODE_FILE, extraByteCount: sizes.count * MemoryLayout<UInt32>.size)
        do {
            try file.check(
                sqfs_inode_set_file_size(raw, byteCount), "sqfs_inode_set_file_size")
            try file.check(
                sqfs_inode_set_file_block_start(raw, blocks.start),
                "sqfs_inode_set_file_block_start")
            try file.check(
                sqfs_inode_set_frag_location(raw, tail.fragment, tail.offset),
                "sqfs_inode_set_frag_location")
            let sparse = UInt64(sizes.count { $0 == 0 }) * UInt64(contents.plan.blockSize)
            if nameCount > 1 || sparse > 0 {
                try file.check(sqfs_inode_make_extended(raw), "sqfs_inode_make_extended")
            }
            if raw.pointee.base.type == UInt16(SQFS_INODE_EXT_FILE.rawValue) {
                raw.pointee.data.file_ext.nlink = nameCount
                raw.pointee.data.file_ext.sparse = sparse
            }
        } catch {
            sqfs_free(raw)
            throw error
        }
        // The blocks stand behind the fixed part, where C has a flexible array.
        let extra = UnsafeMutableRawPointer(raw) + MemoryLayout<sqfs_inode_generic_t>.size
        sizes.withUnsafeBytes {
            if let start = $0.baseAddress { extra.copyMemory(from: start, byteCount: $0.count) }
        }
        return raw
    }
}
