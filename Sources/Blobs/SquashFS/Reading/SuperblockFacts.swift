internal import CSquashFS

/// What the first 96 bytes say, once they make sense.
struct SuperblockFacts {
    let raw: sqfs_super_t
    /// File offsets of the metadata blocks; the directories' range may end with other tables'.
    let inodes: Range<UInt64>
    let directories: Range<UInt64>

    /// "There is no such table."
    private static let absent = UInt64.max
    private static let compressors = ["gzip", "lzma", "lzo", "xz", "lz4", "zstd"]

    var blockSize: Int { Int(raw.block_size) }
    var hasFragments: Bool { raw.fragment_entry_count > 0 }
    var hasXattrs: Bool { raw.xattr_id_table_start != Self.absent }

    /// The library's own reader does not say which version it refuses.
    init(_ source: SourceRange) throws(SquashFSReadError) {
        let byteCount = MemoryLayout<sqfs_super_t>.size
        guard source.byteCount >= UInt64(byteCount) else {
            throw .notSquashFS(file: source.name)
        }
        let raw = try source.read(byteCount: byteCount, at: 0).withUnsafeBytes {
            $0.loadUnaligned(as: sqfs_super_t.self)
        }
        guard raw.magic == UInt32(SQFS_MAGIC) else { throw .notSquashFS(file: source.name) }
        guard raw.version_major == SQFS_VERSION_MAJOR, raw.version_minor == SQFS_VERSION_MINOR
        else {
            throw .version(
                file: source.name, major: Int(raw.version_major), minor: Int(raw.version_minor))
        }
        guard (12...20).contains(raw.block_log), raw.block_size == 1 << raw.block_log else {
            throw source.damaged(.superblock(field: "block size"))
        }
        guard raw.bytes_used <= source.byteCount else {
            throw .cutShort(
                file: source.name, byteCount: source.byteCount, neededByteCount: raw.bytes_used)
        }
        self.raw = raw
        inodes = try Self.range(raw.inode_table_start, raw.directory_table_start, raw, source)
        let next = [
            raw.fragment_table_start, raw.export_table_start, raw.id_table_start,
            raw.xattr_id_table_start, raw.bytes_used,
        ].filter { $0 >= raw.directory_table_start }.min()
        directories = try Self.range(
            raw.directory_table_start, next ?? 0, raw, source)
        try checkCounts(source)
    }

    private static func range(
        _ start: UInt64, _ end: UInt64, _ raw: sqfs_super_t, _ source: SourceRange
    ) throws(SquashFSReadError) -> Range<UInt64> {
        guard start >= UInt64(MemoryLayout<sqfs_super_t>.size), start <= end,
            end <= raw.bytes_used
        else { throw source.damaged(.superblock(field: "tables")) }
        return start..<end
    }

    /// libsquashfs allocates what the superblock says before it looks whether it is there.
    private func checkCounts(_ source: SourceRange) throws(SquashFSReadError) {
        let metadataByteCount: UInt64 = 8192
        if hasFragments {
            let entries = UInt64(raw.fragment_entry_count) * 16
            let list = (entries + metadataByteCount - 1) / metadataByteCount * 8
            guard raw.fragment_table_start <= raw.bytes_used,
                list <= raw.bytes_used - raw.fragment_table_start
            else { throw source.damaged(.superblock(field: "fragments")) }
        }
        guard raw.id_count > 0, raw.id_table_start < raw.bytes_used else {
            throw source.damaged(.superblock(field: "owners"))
        }
        guard !hasXattrs || raw.xattr_id_table_start < raw.bytes_used else {
            throw source.damaged(.superblock(field: "extended attributes"))
        }
    }

    /// An unpacker of the kind the blocks need.
    func unpacker(_ source: SourceRange) throws(SquashFSReadError) -> Unpacker {
        let index = Int(raw.compression_id) - 1
        guard Self.compressors.indices.contains(index) else {
            throw source.damaged(.superblock(field: "compressor"))
        }
        var configuration = sqfs_compressor_config_t()
        let id = SQFS_COMPRESSOR(UInt32(raw.compression_id))
        var object: UnsafeMutablePointer<sqfs_compressor_t>?
        guard
            sqfs_compressor_config_init(
                &configuration, id, blockSize, UInt16(SQFS_COMP_FLAG_UNCOMPRESS.rawValue)) >= 0,
            sqfs_compressor_create(&configuration, &object) >= 0, let object
        else { throw .compressor(file: source.name, name: Self.compressors[index]) }
        return Unpacker(object)
    }
}

/// The unpacking direction of one of libsquashfs's compressors, for one thread.
final class Unpacker {
    private let object: LibraryObject

    fileprivate init(_ object: UnsafeMutablePointer<sqfs_compressor_t>) {
        self.object = LibraryObject(object)
    }

    var pointer: UnsafeMutablePointer<sqfs_compressor_t> {
        object.raw.assumingMemoryBound(to: sqfs_compressor_t.self)
    }
}
