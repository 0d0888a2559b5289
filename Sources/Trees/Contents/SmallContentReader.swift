internal import Glibc
internal import SystemPackage

/// Reads many small contents one after the other, or the ends of larger ones, in as few system
/// calls as there can be.
///
/// A file is opened in its directory, which stays open for the next one; read in one call that asks
/// for a byte more than there should be; and looked at once, afterwards. A file that is not what the
/// scan saw looks different then, whether it changed before or while it was read. `ContentReader`,
/// which may be in a large file for long, looks before it reads as well.
public struct SmallContentReader: ~Copyable {
    private var parent = OpenParent()

    public init() {}

    /// Puts the end of a content into the buffer, from an offset on.
    ///
    /// - Returns: what changed, of a file whose tree may change while it is read; else nil.
    /// - Precondition: the buffer has room for at least one byte more.
    public mutating func read(
        _ content: Node.Content, from offset: UInt64,
        into buffer: UnsafeMutableRawBufferPointer
    ) throws(TreeError) -> TreeError.Change? {
        let byteCount = Int(content.byteCount - offset)
        precondition(byteCount < buffer.count)
        if case .file(let file) = content {
            let room = UnsafeMutableRawBufferPointer(rebasing: buffer[...byteCount])
            return try read(file, from: offset, into: room)
        }
        var reader = try ContentReader(content)
        reader.skip(offset)
        _ = try reader.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<byteCount]))
        return try reader.finish()
    }

    /// - Parameter room: for one byte more than there should be.
    private mutating func read(
        _ file: HostFile, from offset: UInt64, into room: UnsafeMutableRawBufferPointer
    ) throws(TreeError) -> TreeError.Change? {
        let descriptor = try open(file)
        defer { _ = Glibc.close(descriptor.rawValue) }
        let filled = Result { () throws(Errno) in
            // There should be one byte less than there is room for.
            try descriptor.fill(room, at: offset, enough: room.count - 1)
        }
        var status = stat()
        guard fstat(descriptor.rawValue, &status) == 0 else {
            throw .failed(.readFile, file.place, Errno(rawValue: errno))
        }
        let change = file.change(seenIn: status)
        if change == .replaced { throw .changed(file.place, .replaced) }
        let count: Int
        do {
            count = try filled.get()
        } catch {
            throw .failed(.readFile, file.place, error)
        }
        if count == room.count, UInt64(status.st_size) <= file.byteCount {
            throw .sizeUnknown(file.place, byteCount: file.byteCount)
        }
        let isShort = count < room.count - 1
        if isShort {
            UnsafeMutableRawBufferPointer(rebasing: room[count...])
                .initializeMemory(as: UInt8.self, repeating: 0)
        }
        guard let change = change ?? (isShort ? .shrank : nil) else { return nil }
        return try file.tolerate(change)
    }

    private mutating func open(_ file: HostFile) throws(TreeError) -> FileDescriptor {
        do {
            return try parent.open(file)
        } catch .tooManySymbolicLinkLevels {
            throw .changed(file.place, .replaced)
        } catch {
            throw .failed(.openFile, file.place, error)
        }
    }
}

/// The directory that files are opened in one after the other.
private struct OpenParent: ~Copyable {
    /// The file that was opened last, and where its name starts in its path.
    private var last: (file: HostFile, nameStart: Int)?
    /// Its directory, once a second file was opened there.
    private var descriptor: FileDescriptor?
    /// Room for the name of a file and the NUL behind it (limits.h, NAME_MAX).
    private let name = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 256)

    init() {}

    deinit {
        name.deallocate()
        if let descriptor { _ = Glibc.close(descriptor.rawValue) }
    }

    mutating func open(_ file: HostFile) throws(Errno) -> FileDescriptor {
        let path = file.path.bytes
        let nameStart = (path.lastIndex(of: UInt8(ascii: "/")) ?? -1) + 1
        guard isInDirectoryOfLast(file, nameStart), path.count - nameStart < name.count else {
            close()
            last = (file, nameStart)
            return try file.open()
        }
        if descriptor == nil {
            let parent = TreePath(trusted: Bytes(path[..<max(0, nameStart - 1)]))
            descriptor = try file.directory.open(parent, O_RDONLY | O_DIRECTORY)
        }
        let end = name.update(fromContentsOf: path[nameStart...])
        name[end] = 0
        return try name.withMemoryRebound(to: CChar.self) { name throws(Errno) in
            try HostDirectory.openAt(
                descriptor!, UnsafePointer(name.baseAddress!), HostFile.openFlags | O_NOFOLLOW)
        }
    }

    private mutating func close() {
        if let descriptor { _ = Glibc.close(descriptor.rawValue) }
        descriptor = nil
    }

    private func isInDirectoryOfLast(_ file: HostFile, _ nameStart: Int) -> Bool {
        guard let last, last.nameStart == nameStart, last.file.directory === file.directory else {
            return false
        }
        return last.file.path.bytes.withUnsafeBytes { known in
            file.path.bytes.withUnsafeBytes { path in
                memcmp(known.baseAddress!, path.baseAddress!, nameStart) == 0
            }
        }
    }
}
