internal import CArchive
internal import Glibc
internal import SystemPackage

/// Writes a pax archive through libarchive: names as bytes, no user or group names, nothing of the
/// machine or the moment.
final class TarWriter {
    private let name: String
    private let archive: OpaquePointer
    private let entry: OpaquePointer

    /// - Parameter isASCII: whether all names and link targets are. GNU tar complains about the
    ///   record that says that others are bytes.
    init(
        _ file: FileDescriptor, _ filter: ArchiveFilter, isASCII: Bool, name: String
    ) throws(TreeError) {
        self.name = name
        archive = archive_write_new()!
        entry = archive_entry_new()!
        try check(archive_write_set_format_pax(archive), at: nil)
        if !isASCII {
            try check(
                archive_write_set_format_option(archive, "pax", "hdrcharset", "BINARY"), at: nil)
        }
        try add(filter)
        // Whole records, also at the end: what tar(1) writes.
        try check(archive_write_set_bytes_per_block(archive, 10240), at: nil)
        try check(
            archive_write_set_bytes_in_last_block(archive, filter == .none ? 10240 : 1), at: nil)
        try check(archive_write_open_fd(archive, file.rawValue), at: nil)
    }

    deinit {
        archive_entry_free(entry)
        archive_write_free(archive)
    }

    /// Levels are the tools' own defaults, spelled out.
    private func add(_ filter: ArchiveFilter) throws(TreeError) {
        let level: String
        switch filter {
        case .none: return
        case .gzip:
            try check(archive_write_add_filter_gzip(archive), at: nil)
            try check(
                archive_write_set_filter_option(archive, "gzip", "timestamp", nil), at: nil)
            level = "6"
        case .zstd:
            try check(archive_write_add_filter_zstd(archive), at: nil)
            level = "3"
        case .xz:
            try check(archive_write_add_filter_xz(archive), at: nil)
            level = "6"
        case .lz4:
            try check(archive_write_add_filter_lz4(archive), at: nil)
            level = "1"
        case .bzip2:
            try check(archive_write_add_filter_bzip2(archive), at: nil)
            level = "9"
        }
        try check(
            archive_write_set_filter_option(archive, filter.rawValue, "compression-level", level),
            at: nil)
    }

    func append(_ node: Node, at path: TreePath) throws(TreeError) {
        describe(node, at: path)
        guard case .regular(let content) = node.kind else {
            try check(archive_write_header(archive, entry), at: path)
            return
        }
        archive_entry_set_size(entry, Int64(content.byteCount))
        try describeHoles(of: content)
        try check(archive_write_header(archive, entry), at: path)
        try write(content, at: path)
        try check(archive_write_finish_entry(archive), at: path)
    }

    /// A file that deletes what lower layers have at a path. A name that has no room for `.wh.`
    /// gets overlayfs's mark.
    func append(whiteout path: TreePath) throws(TreeError) {
        let marker = Bytes(".wh.".utf8) + path.name
        if marker.count <= 255 {
            try append(.file([]), at: (path.parent ?? .root).appending(marker))
        } else {
            let device = Node.Device(major: 0, minor: 0)
            try append(Node(.characterDevice(device), permissions: 0), at: path)
        }
    }

    /// One more name of a node that is in the archive.
    func append(linkTo first: TreePath, at path: TreePath) throws(TreeError) {
        describe(.file([]), at: path)
        archive_entry_copy_hardlink(entry, first.bytes.terminated)
        archive_entry_set_size(entry, 0)
        try check(archive_write_header(archive, entry), at: path)
    }

    func finish() throws(TreeError) {
        try check(archive_write_close(archive), at: nil)
    }

    // MARK: Headers

    private func describe(_ node: Node, at path: TreePath) {
        archive_entry_clear(entry)
        archive_entry_copy_pathname(
            entry, path.isRoot ? [CChar](".".utf8CString) : path.bytes.terminated)
        archive_entry_set_perm(entry, mode_t(node.permissions))
        archive_entry_set_uid(entry, Int64(node.uid))
        archive_entry_set_gid(entry, Int64(node.gid))
        archive_entry_set_mtime(entry, time_t(node.mtimeSeconds), 0)
        for xattr in node.xattrs {
            archive_entry_xattr_add_entry(
                entry, xattr.name.terminated, xattr.value, xattr.value.count)
        }
        archive_entry_set_filetype(entry, node.fileType)
        switch node.kind {
        case .symlink(let target): archive_entry_copy_symlink(entry, target.terminated)
        case .characterDevice(let device), .blockDevice(let device):
            archive_entry_set_rdevmajor(entry, dev_t(device.major))
            archive_entry_set_rdevminor(entry, dev_t(device.minor))
        case .directory, .regular, .fifo, .socket: break
        }
    }

    // MARK: Contents

    /// libarchive writes GNU's sparse format 1.0 when it is told where data is.
    private func describeHoles(of content: Node.Content) throws(TreeError) {
        var source = try ContentReader(content)
        var pieces: [(offset: UInt64, byteCount: UInt64)] = []
        while source.remaining > 0 {
            let hole = source.holeByteCount()
            source.skip(hole)
            let start = source.offset
            // Holes are looked for at steps of 64 KiB: smaller ones are not worth a line.
            while source.remaining > 0, source.holeByteCount() == 0 {
                source.skip(min(source.remaining, 65536 - source.offset % 65536))
            }
            if source.offset > start { pieces.append((start, source.offset - start)) }
        }
        _ = try source.finish()
        if pieces.count == 1, pieces[0].byteCount == content.byteCount { return }
        for piece in pieces {
            archive_entry_sparse_add_entry(entry, Int64(piece.offset), Int64(piece.byteCount))
        }
        if pieces.isEmpty, content.byteCount > 0 { archive_entry_sparse_add_entry(entry, 0, 0) }
    }

    /// The holes too, as zeros: libarchive leaves them out by what it was told.
    private func write(_ content: Node.Content, at path: TreePath) throws(TreeError) {
        let buffers = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 19, alignment: 4096)
        defer { buffers.deallocate() }
        let data = UnsafeMutableRawBufferPointer(rebasing: buffers[..<(1 << 18)])
        let zeros = UnsafeMutableRawBufferPointer(rebasing: buffers[(1 << 18)...])
        memset(zeros.baseAddress!, 0, zeros.count)
        var source = try ContentReader(content)
        while source.remaining > 0 {
            let hole = min(source.holeByteCount(), UInt64(zeros.count))
            if hole > 0 {
                source.skip(hole)
                try write(UnsafeRawBufferPointer(rebasing: zeros[..<Int(hole)]), at: path)
            } else {
                let count = try source.read(into: data)
                try write(UnsafeRawBufferPointer(rebasing: data[..<count]), at: path)
            }
        }
        if let change = try source.finish() {
            throw .changed(HostPlace(tree: name, path: path), change)
        }
    }

    private func write(_ bytes: UnsafeRawBufferPointer, at path: TreePath) throws(TreeError) {
        let written = archive_write_data(archive, bytes.baseAddress, bytes.count)
        guard written == bytes.count else { throw fault(at: path) }
    }

    private func check(_ status: Int32, at path: TreePath?) throws(TreeError) {
        // A warning would be something that did not get into the archive as it is.
        guard status == ARCHIVE_OK else { throw fault(at: path) }
    }

    private func fault(at path: TreePath?) -> TreeError {
        var text = archive_error_string(archive).map { String(cString: $0) } ?? "libarchive failed"
        let errno = archive_errno(archive)
        // Values below zero are libarchive's own.
        if errno > 0 { text += ": \(Errno(rawValue: errno))" }
        return .saving(archive: name, .library(path: path, text: text))
    }
}

extension Node {
    /// The bits of S_IFMT (inode(7)).
    fileprivate var fileType: UInt32 {
        switch kind {
        case .fifo: 0o010000
        case .characterDevice: 0o020000
        case .directory: 0o040000
        case .blockDevice: 0o060000
        case .regular: 0o100000
        case .symlink: 0o120000
        case .socket: preconditionFailure("tar has no sockets; checked before")
        }
    }
}
