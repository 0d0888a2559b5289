internal import Glibc
internal import SystemPackage

/// Reads the content of a regular file once, from its first byte to its last, wherever it stands.
///
/// Of a file of this machine it notices when it is not the file the scan saw: no blob may hold half
/// of an old version and half of a new one.
public struct ContentReader: ~Copyable {
    enum Place {
        case bytes(Bytes)
        case file(HostFile, FileDescriptor, mayHaveHoles: Bool)
        case stored(StoredContent)
    }

    let place: Place
    private let byteCount: UInt64
    public private(set) var offset: UInt64 = 0
    /// What happened to a file that may change while it is read.
    private var change: TreeError.Change?

    public init(_ content: Node.Content) throws(TreeError) {
        switch content {
        case .bytes(let bytes): place = .bytes(bytes)
        case .stored(let stored):
            guard stored.store.isKept else {
                throw .contentNotKept(tree: stored.store.name)
            }
            place = .stored(stored)
        case .file(let file):
            let opened = try OpenedFile.open(file)
            place = .file(file, opened.descriptor, mayHaveHoles: opened.mayHaveHoles)
            change = opened.change
        }
        byteCount = content.byteCount
    }

    deinit {
        if case .file(_, let descriptor, _) = place { _ = Glibc.close(descriptor.rawValue) }
    }

    /// Bytes of the content that nobody has read yet.
    public var remaining: UInt64 { byteCount - offset }

    /// Fills the buffer, or as much of it as the content still has. 0 at the end.
    public mutating func read(
        into buffer: UnsafeMutableRawBufferPointer
    ) throws(TreeError) -> Int {
        let wanted = Int(min(UInt64(buffer.count), remaining))
        let space = UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted])
        switch place {
        case .bytes(let bytes):
            let start = Int(offset)
            bytes.withUnsafeBytes {
                space.copyMemory(from: .init(rebasing: $0[start..<(start + wanted)]))
            }
        case .file(let file, let descriptor, _): try read(file, descriptor, into: space)
        case .stored(let content): try read(content, into: space)
        }
        offset += UInt64(wanted)
        return wanted
    }

    /// Length in bytes of the hole that starts here; 0 where there is data. Nothing is skipped.
    public func holeByteCount() -> UInt64 {
        guard remaining > 0 else { return 0 }
        switch place {
        case .bytes: return 0
        case .stored(let content):
            guard let extent = content.extent(atOrBehind: offset) else { return remaining }
            return extent.offset > offset ? extent.offset - offset : 0
        case .file(_, let descriptor, let mayHaveHoles):
            guard mayHaveHoles else { return 0 }
            let data = lseek(descriptor.rawValue, off_t(offset), Self.seekData)
            if data >= 0 { return min(UInt64(data), byteCount) - offset }
            // ENXIO: no data up to the end. Anything else: the file system does not know holes.
            return errno == ENXIO ? remaining : 0
        }
    }

    /// Moves on without reading.
    /// - Precondition: no more than `remaining`.
    public mutating func skip(_ byteCount: UInt64) {
        precondition(byteCount <= remaining)
        offset += byteCount
    }

    /// Goes anywhere in the content, for formats that are not read from front to back.
    /// - Precondition: not behind the content's end.
    public mutating func seek(to newOffset: UInt64) {
        precondition(newOffset <= byteCount)
        offset = newOffset
    }

    /// After the last byte: is it still the file the scan saw?
    ///
    /// - Returns: what changed, of a file whose tree may change while it is read; else nil.
    public consuming func finish() throws(TreeError) -> TreeError.Change? {
        guard case .file(let file, let descriptor, _) = place else { return nil }
        var probe: UInt8 = 0
        let extra = pread(descriptor.rawValue, &probe, 1, off_t(file.byteCount))
        var status = stat()
        guard extra >= 0, fstat(descriptor.rawValue, &status) == 0 else {
            throw .failed(.readFile, file.place, Errno(rawValue: errno))
        }
        if extra > 0, UInt64(status.st_size) <= file.byteCount {
            throw .sizeUnknown(file.place, byteCount: file.byteCount)
        }
        guard let found = change ?? file.change(seenIn: status) else { return nil }
        return try file.tolerate(found)
    }

    // MARK: Details

    /// SEEK_DATA of linux/fs.h; Swift's Glibc module leaves GNU's names out.
    private static let seekData: Int32 = 3

    private mutating func read(
        _ file: HostFile, _ descriptor: FileDescriptor,
        into space: UnsafeMutableRawBufferPointer
    ) throws(TreeError) {
        let filled: Int
        do {
            filled = try descriptor.fill(space, at: offset)
        } catch {
            throw .failed(.readFile, file.place, error)
        }
        guard filled < space.count else { return }
        change = try file.tolerate(.shrank)
        let rest = UnsafeMutableRawBufferPointer(rebasing: space[filled...])
        rest.initializeMemory(as: UInt8.self, repeating: 0)
    }

    private func read(
        _ content: StoredContent, into space: UnsafeMutableRawBufferPointer
    ) throws(TreeError) {
        var done = 0
        while done < space.count {
            let position = offset + UInt64(done)
            let extent = content.extent(atOrBehind: position)
            let rest = space.count - done
            if let extent, extent.offset <= position {
                let skipped = position - extent.offset
                let count = Int(min(extent.byteCount - skipped, UInt64(rest)))
                let piece = UnsafeMutableRawBufferPointer(rebasing: space[done..<(done + count)])
                let filled: Int
                do {
                    filled = try content.store.descriptor.fill(
                        piece, at: extent.storeOffset + skipped)
                } catch {
                    throw .spoolFull(tree: content.store.name, error)
                }
                // Nobody else has the store: only a failing disk makes it shorter than it was.
                guard filled == count else { throw .spoolFull(tree: content.store.name, .ioError) }
                done += count
            } else {
                let count = extent.map { Int(min($0.offset - position, UInt64(rest))) } ?? rest
                UnsafeMutableRawBufferPointer(rebasing: space[done..<(done + count)])
                    .initializeMemory(as: UInt8.self, repeating: 0)
                done += count
            }
        }
    }
}

/// A file of this machine that was opened for reading and looked at.
private struct OpenedFile {
    let descriptor: FileDescriptor
    let mayHaveHoles: Bool
    let change: TreeError.Change?

    static func open(_ file: HostFile) throws(TreeError) -> OpenedFile {
        let descriptor = try descriptor(of: file)
        var status = stat()
        do throws(TreeError) {
            guard fstat(descriptor.rawValue, &status) == 0 else {
                throw .failed(.openFile, file.place, Errno(rawValue: errno))
            }
            let change: TreeError.Change? =
                if let found = file.change(seenIn: status) { try file.tolerate(found) } else { nil }
            return OpenedFile(
                descriptor: descriptor,
                mayHaveHoles: UInt64(status.st_blocks) * 512 < file.byteCount, change: change)
        } catch {
            _ = Glibc.close(descriptor.rawValue)
            throw error
        }
    }

    private static func descriptor(of file: HostFile) throws(TreeError) -> FileDescriptor {
        do {
            return try file.open()
        } catch .tooManySymbolicLinkLevels {
            throw .changed(file.place, .replaced)
        } catch {
            throw .failed(.openFile, file.place, error)
        }
    }
}

extension HostFile {
    /// O_NONBLOCK: should it have become a pipe, opening must not wait for a writer.
    static let openFlags = O_RDONLY | O_NONBLOCK

    func open() throws(Errno) -> FileDescriptor { try directory.open(path, Self.openFlags) }

    /// How the open file differs from what the scan saw.
    func change(seenIn status: stat) -> TreeError.Change? {
        let identity = HostIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
        if identity != self.identity || status.st_mode & S_IFMT != S_IFREG { return .replaced }
        if UInt64(status.st_size) > byteCount { return .grew }
        if UInt64(status.st_size) < byteCount { return .shrank }
        // Not the time of the last status change: another name for the file is no new content.
        let isSameTime =
            Int64(status.st_mtim.tv_sec) == look.mtimeSeconds
            && Int32(status.st_mtim.tv_nsec) == look.mtimeNanoseconds
        return isSameTime ? nil : .modified
    }

    /// The change, where its tree may change while it is read. Another file in its place is never
    /// the file that was asked for.
    func tolerate(_ change: TreeError.Change) throws(TreeError) -> TreeError.Change {
        guard directory.mayChange, change != .replaced else { throw .changed(place, change) }
        return change
    }
}
