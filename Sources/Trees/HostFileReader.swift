internal import Glibc
internal import SystemPackage

/// Reads a tree's file once, from its first byte to its last, and notices when it is not the file
/// the scan saw: no blob may hold half of an old version and half of a new one.
public struct HostFileReader: ~Copyable {
    /// SEEK_DATA of linux/fs.h; Swift's Glibc module leaves GNU's names out.
    private static let seekData: Int32 = 3

    private let file: HostFile
    private let descriptor: FileDescriptor
    private let mayHaveHoles: Bool
    public private(set) var offset: UInt64 = 0

    public init(_ file: HostFile) throws(TreeError) {
        let opened = try Self.open(file)
        var status = stat()
        do throws(TreeError) {
            guard fstat(opened.rawValue, &status) == 0 else {
                throw .failed(.openFile, file.place, Errno(rawValue: errno))
            }
            try Self.compare(status, file)
        } catch {
            _ = Glibc.close(opened.rawValue)
            throw error
        }
        self.file = file
        descriptor = opened
        mayHaveHoles = UInt64(status.st_blocks) * 512 < file.byteCount
    }

    private static func open(_ file: HostFile) throws(TreeError) -> FileDescriptor {
        do {
            // O_NONBLOCK: should it have become a pipe, opening must not wait for a writer.
            return try file.directory.open(file.path, O_RDONLY | O_NONBLOCK)
        } catch .tooManySymbolicLinkLevels {
            throw .changed(file.place, .replaced)
        } catch {
            throw .failed(.openFile, file.place, error)
        }
    }

    deinit {
        _ = Glibc.close(descriptor.rawValue)
    }

    /// Bytes the scan promised and nobody has read yet.
    public var remaining: UInt64 { file.byteCount - offset }

    /// Fills the buffer, or as much of it as the file still has. 0 at the end.
    public mutating func read(
        into buffer: UnsafeMutableRawBufferPointer
    ) throws(TreeError) -> Int {
        let wanted = Int(min(UInt64(buffer.count), remaining))
        var filled = 0
        while filled < wanted {
            let count = pread(
                descriptor.rawValue, buffer.baseAddress! + filled, wanted - filled,
                off_t(offset) + off_t(filled))
            if count > 0 {
                filled += count
            } else if count == 0 {
                throw .changed(file.place, .shrank)
            } else if errno != EINTR {
                throw .failed(.readFile, file.place, Errno(rawValue: errno))
            }
        }
        offset += UInt64(filled)
        return filled
    }

    /// Length in bytes of the hole that starts here; 0 where there is data. Nothing is skipped.
    public func holeByteCount() -> UInt64 {
        guard mayHaveHoles, remaining > 0 else { return 0 }
        let data = lseek(descriptor.rawValue, off_t(offset), Self.seekData)
        if data >= 0 { return min(UInt64(data), file.byteCount) - offset }
        // ENXIO: no data up to the end. Anything else: the file system does not know holes.
        return errno == ENXIO ? remaining : 0
    }

    /// Moves on without reading.
    /// - Precondition: no more than `remaining`.
    public mutating func skip(_ byteCount: UInt64) {
        precondition(byteCount <= remaining)
        offset += byteCount
    }

    /// After the last byte: is it still the file the scan saw?
    public consuming func finish() throws(TreeError) {
        var probe: UInt8 = 0
        let extra = pread(descriptor.rawValue, &probe, 1, off_t(file.byteCount))
        if extra > 0 { throw .changed(file.place, .grew) }
        var status = stat()
        guard extra == 0, fstat(descriptor.rawValue, &status) == 0 else {
            throw .failed(.readFile, file.place, Errno(rawValue: errno))
        }
        try Self.compare(status, file)
    }

    private static func compare(_ status: stat, _ file: HostFile) throws(TreeError) {
        let identity = HostIdentity(
            device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
        if identity != file.identity || status.st_mode & S_IFMT != S_IFREG {
            throw .changed(file.place, .replaced)
        }
        if UInt64(status.st_size) > file.byteCount { throw .changed(file.place, .grew) }
        if UInt64(status.st_size) < file.byteCount { throw .changed(file.place, .shrank) }
        // Not the time of the last status change: another name for the file is no new content.
        if Int64(status.st_mtim.tv_sec) != file.mtimeSeconds
            || Int32(status.st_mtim.tv_nsec) != file.mtimeNanoseconds
        {
            throw .changed(file.place, .modified)
        }
    }
}
