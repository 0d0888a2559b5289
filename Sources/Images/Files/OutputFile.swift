public import BakeContract
internal import Glibc
internal import Synchronization
public import SystemPackage

/// A file that appears under its name complete or not at all: written as a hidden neighbour,
/// synced, renamed, and the rename synced too. Dropped without `finish`, it leaves what stood
/// there untouched and no litter.
///
/// Where the name is a symbolic link, the link is replaced and what it points to is left alone.
public struct OutputFile: ~Copyable {
    public let path: FilePath
    /// Where the bytes are until the file is finished, for tools that want a name.
    public let temporaryPath: FilePath
    public let descriptor: FileDescriptor
    private var isFinished = false

    /// Creates the neighbour; `path` itself is not touched.
    public init(replacing path: FilePath) throws(ImageError) {
        self.path = path
        // Made and noted in one: whoever removes what is unfinished finds every file there is.
        (self.temporaryPath, self.descriptor) = try unfinished.withLock {
            names throws(ImageError) in
            let made = try createNeighbour(of: path)
            names.insert(made.0.string)
            return made
        }
    }

    deinit {
        try? descriptor.close()  // all that matters was synced in finish, or is thrown away
        let name = temporaryPath.string
        if !isFinished {
            unlink(name)
        }
        unfinished.withLock { _ = $0.remove(name) }
    }

    /// Removes the neighbours of all files that are being written, for a command that was
    /// interrupted and is about to end; of those in one directory only, if one is given. Not to
    /// be called inside a signal handler.
    public static func removeUnfinished(in directory: FilePath? = nil) {
        unfinished.withLock { names in
            for name in names
            where directory == nil || FilePath(name).removingLastComponent() == directory {
                unlink(name)
            }
        }
    }

    /// Writes behind what was written last.
    public borrowing func write(_ bytes: Bytes) throws(ImageError) {
        do {
            _ = try descriptor.writeAll(bytes)
        } catch {
            throw .file(action: .write, path: path, errno: errno(of: error))
        }
    }

    public borrowing func write(_ bytes: Bytes, at offset: Int) throws(ImageError) {
        do {
            _ = try descriptor.writeAll(toAbsoluteOffset: Int64(offset), bytes)
        } catch {
            throw .file(action: .write, path: path, errno: errno(of: error))
        }
    }

    /// Makes the file this long; new bytes are zeros that take no space.
    public borrowing func resize(toByteCount byteCount: Int) throws(ImageError) {
        do {
            try descriptor.resize(to: Int64(byteCount))
        } catch {
            throw .file(action: .write, path: path, errno: errno(of: error))
        }
    }

    /// Permissions other than the ones every new file has.
    borrowing func set(_ permissions: FilePermissions) throws(ImageError) {
        guard fchmod(descriptor.rawValue, permissions.rawValue) == 0 else {
            throw .file(action: .write, path: path, errno: Errno(rawValue: Glibc.errno))
        }
    }

    /// Puts the file under its name, on the disk. Until this returns, the old one is there.
    public consuming func finish() throws(ImageError) {
        do {
            try sync(descriptor)
            guard rename(temporaryPath.string, path.string) == 0 else {
                throw Errno(rawValue: Glibc.errno)
            }
            isFinished = true
            try syncDirectory(of: path)
        } catch {
            throw .file(action: .replace, path: path, errno: errno(of: error))
        }
    }
}

private let unfinished = Mutex<Set<String>>([])

/// Makes sure that what was written is on the disk.
func sync(_ descriptor: FileDescriptor) throws {
    guard fsync(descriptor.rawValue) == 0 else { throw Errno(rawValue: Glibc.errno) }
}

private func syncDirectory(of path: FilePath) throws {
    let parent = path.removingLastComponent()
    let directory = try FileDescriptor.open(
        parent.isEmpty ? "." : parent, .readOnly, options: [.directory, .closeOnExec])
    do {
        try sync(directory)
    } catch Errno.invalidArgument {
        // Some network file systems cannot sync a directory; fsync(2) says EINVAL there.
    } catch {
        try? directory.close()  // the failure to sync is the one to tell
        throw error
    }
    try directory.close()
}

private func createNeighbour(
    of path: FilePath
) throws(ImageError) -> (FilePath, FileDescriptor) {
    do {
        guard let name = path.lastComponent, name.kind == .regular, !isDirectory(path) else {
            throw Errno.isDirectory
        }
        let neighbour = temporaryNeighbour(of: path, name: name.string)
        let descriptor = try FileDescriptor.open(
            neighbour, .readWrite, options: [.create, .exclusiveCreate, .closeOnExec],
            permissions: [.ownerReadWrite, .groupRead, .otherRead])
        return (neighbour, descriptor)
    } catch {
        throw .file(action: .create, path: path, errno: errno(of: error))
    }
}

private func isDirectory(_ path: FilePath) -> Bool {
    var status = stat()
    return lstat(path.string, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
}

/// A name beside `path` that nobody else uses: process id and a random number. It is gone when
/// the file is finished, so it does not matter that it differs between runs.
private func temporaryNeighbour(of path: FilePath, name: String) -> FilePath {
    let suffix = ".bake-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
    // 255 bytes is the longest name of a directory entry (limits.h, NAME_MAX).
    let stem = String(decoding: name.utf8.prefix(200), as: UTF8.self)
    return path.removingLastComponent().appending(".\(stem)\(suffix)")
}

/// The errno of an error that SystemPackage threw.
func errno(of error: any Error) -> Errno {
    (error as? Errno) ?? .ioError
}
