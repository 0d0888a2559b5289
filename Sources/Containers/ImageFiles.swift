internal import BakeContract
internal import Glibc
internal import SystemPackage
internal import Trees

/// The files of an image, wherever they are.
protocol ImageFiles {
    /// Nil where there is none of this path.
    func open(_ path: String) throws(ContainerProblem) -> ImageFile?
}

/// One of them, open for reading: a piece of a file of this machine.
struct ImageFile {
    let path: String
    let descriptor: FileDescriptor
    let bytes: Range<UInt64>
    /// Keeps the descriptor open.
    let owner: AnyObject

    var byteCount: UInt64 { UInt64(bytes.count) }
}

/// The files of a directory.
struct DirectoryFiles: ImageFiles {
    let directory: FilePath

    private final class OpenFile {
        let descriptor: FileDescriptor

        init(_ descriptor: FileDescriptor) {
            self.descriptor = descriptor
        }

        deinit {
            _ = Glibc.close(descriptor.rawValue)
        }
    }

    func open(_ path: String) throws(ContainerProblem) -> ImageFile? {
        // O_NONBLOCK: a pipe without a writer must not hang the bake.
        let opened = Glibc.open(
            directory.pushing(FilePath(path)).string, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard opened >= 0 else {
            let reason = Errno(rawValue: errno)
            if reason == .noSuchFileOrDirectory || reason == .notDirectory { return nil }
            throw .unreadable(file: path, reason)
        }
        let file = OpenFile(FileDescriptor(rawValue: opened))
        var status = stat()
        guard fstat(opened, &status) == 0 else {
            throw .unreadable(file: path, Errno(rawValue: errno))
        }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .notAFile(file: path) }
        return ImageFile(
            path: path, descriptor: file.descriptor, bytes: 0..<UInt64(max(0, status.st_size)),
            owner: file)
    }
}

/// The files of a tar archive, where they stand in it.
struct ArchiveFiles: ImageFiles {
    let index: ArchiveIndex

    func open(_ path: String) throws(ContainerProblem) -> ImageFile? {
        guard var current = TreePath(Array(path.utf8)) else { return nil }
        // As many links as Linux follows (path_resolution(7)). Old archives of Docker have one
        // layer under several names.
        for _ in 0..<40 {
            switch index.members[current] {
            case nil: return nil
            case .file(let bytes)?:
                return ImageFile(
                    path: path, descriptor: index.descriptor, bytes: bytes, owner: index)
            case .symlink(let target)?:
                guard let next = Self.resolve(target, from: current.parent ?? .root) else {
                    throw .linkLoop(file: path)
                }
                current = next
            case .other?: throw .notAFile(file: path)
            }
        }
        throw .linkLoop(file: path)
    }

    /// Nil for what leaves the archive.
    private static func resolve(_ target: [UInt8], from directory: TreePath) -> TreePath? {
        if target.first == UInt8(ascii: "/") { return nil }
        var path = directory
        for component in target.split(separator: UInt8(ascii: "/")) {
            if component.elementsEqual(".".utf8) { continue }
            if component.elementsEqual("..".utf8) {
                guard let parent = path.parent else { return nil }
                path = parent
            } else {
                path = path.appending(component)
            }
        }
        return path
    }
}

extension ImageFiles {
    func require(_ path: String) throws(ContainerProblem) -> ImageFile {
        guard let file = try open(path) else { throw .missing(file: path) }
        return file
    }

    /// A small file as JSON.
    func json(_ path: String) throws(ContainerProblem) -> JSONValue {
        try require(path).json()
    }

    /// A blob, its length and digest checked.
    func blob(_ descriptor: BlobDescriptor) throws(ContainerProblem) -> ImageFile {
        let file = try require(descriptor.digest.path)
        guard file.byteCount == descriptor.byteCount else {
            throw .sizeMismatch(
                file: file.path, byteCount: file.byteCount, expected: descriptor.byteCount)
        }
        try file.check(descriptor.digest)
        return file
    }
}

extension ImageFile {
    func json() throws(ContainerProblem) -> JSONValue {
        let limits = JSONLimits.manifest
        guard byteCount <= UInt64(limits.byteCount) else {
            throw .tooLarge(file: path, byteCount: byteCount, limit: limits.byteCount)
        }
        var text: [UInt8] = []
        try forEachBlock { text += $0 }
        do throws(ConfigurationError) {
            return try JSONValue.parse(text, file: Array(path.utf8), limits: limits)
        } catch {
            throw .json(error)
        }
    }

    func check(_ digest: BlobDigest) throws(ContainerProblem) {
        var hasher = BlobHasher(digest.algorithm)
        try forEachBlock { hasher.update($0) }
        guard hasher.matches(digest) else {
            throw .digestMismatch(digest: digest.description, file: path)
        }
    }

    private func forEachBlock(
        _ body: (UnsafeRawBufferPointer) -> Void
    ) throws(ContainerProblem) {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 4096)
        defer { buffer.deallocate() }
        var offset = bytes.lowerBound
        while offset < bytes.upperBound {
            let wanted = Int(min(UInt64(buffer.count), bytes.upperBound - offset))
            let count = pread(descriptor.rawValue, buffer.baseAddress!, wanted, off_t(offset))
            if count < 0 {
                if errno == EINTR { continue }
                throw .unreadable(file: path, Errno(rawValue: errno))
            }
            if count == 0 { throw .unreadable(file: path, .ioError) }
            body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            offset += UInt64(count)
        }
    }
}
