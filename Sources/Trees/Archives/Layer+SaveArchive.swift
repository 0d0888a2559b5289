internal import Glibc
public import SystemPackage

extension Layer {
    /// Writes the layer as a pax archive that `read(archive:)` and `applyingWhiteouts()` turn into
    /// the same layer again, and that tar, bsdtar and container tools read. The end of the name
    /// says how it is compressed: `.tar`, `.tar.gz`, `.tar.zst`, `.tar.xz`, `.tar.lz4`,
    /// `.tar.bz2`.
    ///
    /// The same layer gives the same bytes. The file appears complete or not at all; a symbolic
    /// link of its name is replaced. Notes and reasons are not saved.
    public func save(archive path: FilePath) throws(TreeError) {
        guard let filter = ArchiveFilter(suffixOf: path.lastComponent?.string ?? "") else {
            throw .saving(archive: path.string, .unknownSuffix)
        }
        try checkSavable(as: path.string)
        let neighbour = try Neighbour(of: path)
        try write(to: neighbour.descriptor, filter, name: path.string)
        try neighbour.finish()
    }

    /// Writes the archive to an open file, from its current offset; the descriptor stays the
    /// caller's, and nothing is synced.
    ///
    /// - Parameter name: what messages call the archive.
    public func write(
        archive file: FileDescriptor, _ filter: ArchiveFilter, name: String
    ) throws(TreeError) {
        try checkSavable(as: name)
        try write(to: file, filter, name: name)
    }

    private func checkSavable(as name: String) throws(TreeError) {
        for entry in entries where nodes[entry.nodeIndex].kind == .socket {
            throw .saving(archive: name, .socket(entry.path))
        }
        var literal = self
        literal.whiteouts = []
        literal.opaqueDirectories = []
        let read: Layer
        do throws(TreeError) {
            read = try literal.applyingWhiteouts()
        } catch .whiteout(let place, _) {
            throw .saving(archive: name, .readsAsWhiteout(place.path))
        }
        for (entry, other) in zip(entries, read.entries) where entry.path != other.path {
            throw .saving(archive: name, .readsAsWhiteout(entry.path))
        }
        if read.entries.count < entries.count {
            throw .saving(archive: name, .readsAsWhiteout(entries[read.entries.count].path))
        }
        for entry in entries where read[entry.path]?.xattrs != self[entry.path]?.xattrs {
            throw .saving(archive: name, .readsAsWhiteout(entry.path))
        }
    }

    private func write(
        to file: FileDescriptor, _ filter: ArchiveFilter, name: String
    ) throws(TreeError) {
        let writer = try TarWriter(file, filter, isASCII: hasOnlyASCIINames, name: name)
        for path in opaqueDirectories.sorted() {
            try writer.append(.file([]), at: path.appending(".wh..wh..opq".utf8))
        }
        for path in whiteouts.sorted() { try writer.append(whiteout: path) }
        var firstNames = [TreePath?](repeating: nil, count: nodes.count)
        for entry in entries {
            if let first = firstNames[entry.nodeIndex] {
                try writer.append(linkTo: first, at: entry.path)
            } else {
                try writer.append(nodes[entry.nodeIndex], at: entry.path)
                firstNames[entry.nodeIndex] = entry.path
            }
        }
        try writer.finish()
    }
}

extension Layer {
    fileprivate var hasOnlyASCIINames: Bool {
        let paths = [entries.map(\.path), Array(whiteouts), Array(opaqueDirectories)].joined()
        return paths.allSatisfy { $0.bytes.isASCII }
            && nodes.allSatisfy { node in
                guard case .symlink(let target) = node.kind else { return true }
                return target.isASCII
            }
    }
}

extension Bytes {
    fileprivate var isASCII: Bool { allSatisfy { $0 < 0x80 } }
}

/// A file beside the one to be written, which takes its place when it is finished, and is gone when
/// it is not.
private final class Neighbour {
    let descriptor: FileDescriptor
    private let path: FilePath
    private let neighbour: FilePath
    private var isFinished = false

    init(of path: FilePath) throws(TreeError) {
        self.path = path
        // 255 bytes is the longest name (limits.h, NAME_MAX).
        let stem = String(
            decoding: (path.lastComponent?.string ?? "").utf8.prefix(200), as: UTF8.self)
        let name = ".\(stem).bake-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
        neighbour = path.removingLastComponent().appending(name)
        descriptor = FileDescriptor(
            rawValue: open(neighbour.string, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o644))
        if descriptor.rawValue < 0 { throw fault() }
    }

    deinit {
        guard descriptor.rawValue >= 0 else { return }
        _ = Glibc.close(descriptor.rawValue)
        if !isFinished { unlink(neighbour.string) }
    }

    func finish() throws(TreeError) {
        guard fsync(descriptor.rawValue) == 0, rename(neighbour.string, path.string) == 0 else {
            throw fault()
        }
        isFinished = true
        let parent = path.removingLastComponent()
        let directory = open(
            parent.isEmpty ? "." : parent.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw fault() }
        defer { _ = Glibc.close(directory) }
        // Some network file systems cannot sync a directory; fsync(2) says EINVAL there.
        guard fsync(directory) == 0 || errno == EINVAL else { throw fault() }
    }

    private func fault() -> TreeError {
        .saving(archive: path.string, .output(Errno(rawValue: errno)))
    }
}
