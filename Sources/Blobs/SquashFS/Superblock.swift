internal import CSquashFS

/// The first 96 bytes: written first as a placeholder, last with what came out.
struct Superblock: ~Copyable {
    var raw = sqfs_super_t()

    init(
        _ options: SquashFS.Options, _ compressor: borrowing Compressor,
        _ file: borrowing OutputFile
    ) throws(BlobError) {
        try file.check(
            sqfs_super_init(
                &raw, options.blockSize, options.timeSeconds,
                SQFS_COMPRESSOR(UInt32(compressor.id))),
            "sqfs_super_init")
        try file.check(sqfs_super_write(&raw, file.pointer), "sqfs_super_write")
        if try compressor.writeOptions(file) { set(SQFS_FLAG_COMPRESSOR_OPTIONS) }
        if compressor.storesOnly {
            set(SQFS_FLAG_UNCOMPRESSED_INODES)
            set(SQFS_FLAG_UNCOMPRESSED_DATA)
            set(SQFS_FLAG_UNCOMPRESSED_FRAGMENTS)
            set(SQFS_FLAG_UNCOMPRESSED_XATTRS)
            set(SQFS_FLAG_UNCOMPRESSED_IDS)
        }
    }

    private mutating func set(_ flag: SQFS_SUPER_FLAGS) {
        raw.flags |= UInt16(flag.rawValue)
    }

    /// Returns the length of the file system in bytes.
    consuming func finish(_ file: borrowing OutputFile) throws(BlobError) -> UInt64 {
        raw.bytes_used = file.byteCount
        try file.check(sqfs_super_write(&raw, file.pointer), "sqfs_super_write")
        return raw.bytes_used
    }
}
