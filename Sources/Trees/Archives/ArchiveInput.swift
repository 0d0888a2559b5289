internal import Glibc
internal import SystemPackage

/// A file, or a piece of one, that holds an archive. Read once, from its first byte to its last;
/// notices when the file changed in the meantime.
final class ArchiveInput {
    let name: String
    private let descriptor: FileDescriptor
    private let bytes: Range<UInt64>
    private var offset: UInt64
    private let before: stat

    /// The whole file.
    convenience init(opening path: FilePath, name: String) throws(TreeError) {
        let place = HostPlace(tree: name, path: .root)
        // O_NONBLOCK: a pipe without a writer must not hang the bake.
        let opened = path.withPlatformString { open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
        guard opened >= 0 else {
            let reason = Errno(rawValue: errno)
            throw reason == .noSuchFileOrDirectory
                ? .treeMissing(tree: name) : .failed(.openFile, place, reason)
        }
        try self.init(taking: FileDescriptor(rawValue: opened), bytes: nil, name: name)
    }

    /// - Parameter bytes: the piece of the open file; the descriptor stays the caller's.
    convenience init(
        _ descriptor: FileDescriptor, bytes: Range<UInt64>, name: String
    ) throws(TreeError) {
        try self.init(
            taking: try Self.duplicate(descriptor, name: name), bytes: bytes, name: name)
    }

    private static func duplicate(
        _ descriptor: FileDescriptor, name: String
    ) throws(TreeError) -> FileDescriptor {
        let duplicate = fcntl(descriptor.rawValue, F_DUPFD_CLOEXEC, 0)
        guard duplicate >= 0 else {
            throw .failed(
                .openFile, HostPlace(tree: name, path: .root), Errno(rawValue: errno))
        }
        return FileDescriptor(rawValue: duplicate)
    }

    /// One more descriptor of the same file, the caller's to close.
    func duplicateDescriptor() throws(TreeError) -> FileDescriptor {
        try Self.duplicate(descriptor, name: name)
    }

    private init(
        taking descriptor: FileDescriptor, bytes: Range<UInt64>?, name: String
    ) throws(TreeError) {
        self.name = name
        self.descriptor = descriptor
        var status = stat()
        let isReadable = fstat(descriptor.rawValue, &status) == 0
        let reason = Errno(rawValue: errno)
        before = status
        let byteCount = UInt64(max(0, status.st_size))
        self.bytes = bytes ?? 0..<byteCount
        offset = self.bytes.lowerBound
        guard isReadable else {
            throw .failed(.readStatus, HostPlace(tree: name, path: .root), reason)
        }
        guard status.st_mode & S_IFMT == S_IFREG else { throw fault(.notAFile) }
        guard self.bytes.upperBound <= byteCount else { throw fault(.truncated) }
    }

    deinit {
        _ = Glibc.close(descriptor.rawValue)
    }

    func fault(_ problem: ArchiveProblem, member: Bytes? = nil) -> TreeError {
        .archive(ArchiveError(archive: name, member: member, problem: problem))
    }

    /// The first bytes; fewer where there are no more. Nothing counts as read.
    func firstBytes(_ count: Int) throws(TreeError) -> Bytes {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 16)
        defer { buffer.deallocate() }
        let filled = try read(into: buffer, at: bytes.lowerBound)
        return Bytes(buffer[..<filled])
    }

    /// Fills the buffer; fewer bytes only at the end, 0 behind it.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(TreeError) -> Int {
        let count = try read(into: buffer, at: offset)
        offset += UInt64(count)
        return count
    }

    /// Moves on without reading.
    func skip(_ count: UInt64) throws(TreeError) {
        guard count <= bytes.upperBound - offset else { throw fault(.truncated) }
        offset += count
    }

    /// Whether nothing but zeros stands behind what was used of the piece. A pad may follow a
    /// compressed archive: dd and our own images leave one.
    func hasOnlyZeros(behind usedByteCount: UInt64) throws(TreeError) -> Bool {
        var position = bytes.lowerBound + usedByteCount
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            let count = try read(into: buffer, at: position)
            if count == 0 { return true }
            if UnsafeRawBufferPointer(rebasing: buffer[..<count]).contains(where: { $0 != 0 }) {
                return false
            }
            position += UInt64(count)
        }
    }

    /// Throws when the file is not what it was when it was opened.
    func checkUnchanged() throws(TreeError) {
        let place = HostPlace(tree: name, path: .root)
        var after = stat()
        guard fstat(descriptor.rawValue, &after) == 0 else {
            throw .failed(.readStatus, place, Errno(rawValue: errno))
        }
        if after.st_size > before.st_size { throw .changed(place, .grew) }
        if after.st_size < before.st_size { throw .changed(place, .shrank) }
        let isSameTime =
            after.st_mtim.tv_sec == before.st_mtim.tv_sec
            && after.st_mtim.tv_nsec == before.st_mtim.tv_nsec
        if !isSameTime { throw .changed(place, .modified) }
    }

    private func read(
        into buffer: UnsafeMutableRawBufferPointer, at position: UInt64
    ) throws(TreeError) -> Int {
        let left = bytes.upperBound - min(position, bytes.upperBound)
        let wanted = Int(min(UInt64(buffer.count), left))
        do {
            return try descriptor.fill(
                UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted]), at: position)
        } catch {
            throw .failed(.readFile, HostPlace(tree: name, path: .root), error)
        }
    }
}
