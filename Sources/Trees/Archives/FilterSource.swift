internal import CArchive

/// zstd, xz, lz4 or bzip2 by libarchive's filters: its "raw" format hands over what comes out of
/// them. Its readers of tar headers are not used: docs/decisions/0006-tar-headers.md.
final class FilterSource: BlockSource {
    private let input: ArchiveInput
    private let filter: ArchiveFilter
    private let archive: OpaquePointer
    private let feed: Feed
    private var isAtEnd = false

    /// What libarchive's callback reads from and into. An error that happens there is kept here.
    private final class Feed {
        let input: ArchiveInput
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 128 << 10, alignment: 4096)
        var failure: TreeError?

        init(_ input: ArchiveInput) {
            self.input = input
        }

        deinit {
            buffer.deallocate()
        }
    }

    init(_ input: ArchiveInput, _ filter: ArchiveFilter) throws(TreeError) {
        self.input = input
        self.filter = filter
        feed = Feed(input)
        archive = archive_read_new()!
        archive_read_support_format_raw(archive)
        switch filter {
        case .zstd: archive_read_support_filter_zstd(archive)
        case .xz: archive_read_support_filter_xz(archive)
        case .lz4: archive_read_support_filter_lz4(archive)
        case .bzip2: archive_read_support_filter_bzip2(archive)
        case .none, .gzip: preconditionFailure("read without libarchive")
        }
        let opened = archive_read_open(
            archive, Unmanaged.passUnretained(feed).toOpaque(), nil,
            { _, feed, block in
                let feed = Unmanaged<Feed>.fromOpaque(feed!).takeUnretainedValue()
                block?.pointee = UnsafeRawPointer(feed.buffer.baseAddress)
                do throws(TreeError) {
                    return try feed.input.read(into: feed.buffer)
                } catch {
                    feed.failure = error
                    return Int(ARCHIVE_FATAL)
                }
            }, nil)
        var entry: OpaquePointer?
        guard opened == ARCHIVE_OK, archive_read_next_header(archive, &entry) == ARCHIVE_OK else {
            throw fault()
        }
        // Bytes that only look like a magic number would come through as they are.
        guard archive_filter_count(archive) > 1 else {
            throw input.fault(.notTar(looksLike: nil))
        }
    }

    deinit {
        archive_read_free(archive)
    }

    func nextBlock() throws(TreeError) -> UnsafeRawBufferPointer {
        while !isAtEnd {
            var block: UnsafeRawPointer?
            var count = 0
            var offset: la_int64_t = 0
            switch archive_read_data_block(archive, &block, &count, &offset) {
            case ARCHIVE_OK:
                if count > 0 { return UnsafeRawBufferPointer(start: block, count: count) }
            case ARCHIVE_EOF:
                isAtEnd = true
                try checkRest()
            default: throw fault()
            }
        }
        return UnsafeRawBufferPointer(start: nil, count: 0)
    }

    private func checkRest() throws(TreeError) {
        // What the filters consumed of the file.
        let used = UInt64(max(0, archive_filter_bytes(archive, -1)))
        guard try input.hasOnlyZeros(behind: used) else {
            throw input.fault(.dataBehindCompression(filter: filter.rawValue))
        }
    }

    private func fault() -> TreeError {
        if let failure = feed.failure { return failure }
        let text = archive_error_string(archive).map { String(cString: $0) }
        return input.fault(
            .decompression(filter: filter.rawValue, text: text ?? "it ends in the middle"))
    }
}
