public import BakeContract
internal import Glibc
public import SystemPackage

/// A file that appears under its name complete or not at all: written beside it, synced, renamed,
/// and the rename synced too. Dropped without `finish`, it leaves what stood there untouched and no
/// litter.
///
/// Where the name is a symbolic link, the link is replaced and what it points to is left alone.
public struct OutputFile: ~Copyable {
    public let path: FilePath
    public let descriptor: FileDescriptor
    private var neighbour: Neighbour

    /// Creates the neighbour; `path` itself is not touched.
    public init(replacing path: FilePath) throws(ImageError) {
        try self.init(replacing: path, isNameless: true)
    }

    /// - Parameter isNameless: whether a file without a name is tried.
    init(replacing path: FilePath, isNameless: Bool) throws(ImageError) {
        self.path = path
        do throws(Errno) {
            guard let name = path.lastComponent, name.kind == .regular, !isDirectory(path) else {
                throw .isDirectory
            }
            Neighbour.removeAbandoned(beside: path)
            neighbour = try Neighbour(beside: path, isNameless: isNameless)
            descriptor = neighbour.descriptor
        } catch {
            throw .file(action: .create, path: path, errno: error)
        }
    }

    deinit {
        neighbour.drop()
    }

    /// Removes what is being written, for a command that was interrupted and is about to end: from
    /// here on nothing is finished any more, and who tries stops for good. In one directory only,
    /// and without an end to it all, if one is given. Not to be called inside a signal handler.
    public static func removeUnfinished(in directory: FilePath? = nil) {
        Neighbour.removeUnfinished(in: directory)
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

    /// Puts the file under its name, on the disk. Where this throws, the old one is there still;
    /// but for `.keep`: then the new one is, and may not outlive a loss of power.
    public consuming func finish() throws(ImageError) {
        do {
            try sync(descriptor)
            try neighbour.rename(to: path)
        } catch {
            throw .file(action: .replace, path: path, errno: errno(of: error))
        }
        do {
            try syncDirectory(of: path)
        } catch {
            throw .file(action: .keep, path: path, errno: errno(of: error))
        }
    }
}

/// Makes sure that what was written is on the disk.
func sync(_ descriptor: FileDescriptor) throws {
    guard fsync(descriptor.rawValue) == 0 else { throw Errno(rawValue: Glibc.errno) }
}

private func syncDirectory(of path: FilePath) throws {
    let directory = try FileDescriptor.open(
        path.parent, .readOnly, options: [.directory, .closeOnExec])
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

private func isDirectory(_ path: FilePath) -> Bool {
    var status = stat()
    let code = path.withPlatformString { lstat($0, &status) }
    return code == 0 && status.st_mode & S_IFMT == S_IFDIR
}

extension FilePath {
    /// The directory it stands in.
    var parent: FilePath {
        let parent = removingLastComponent()
        return parent.isEmpty ? "." : parent
    }
}

/// The errno of an error that SystemPackage threw.
func errno(of error: any Error) -> Errno {
    (error as? Errno) ?? .ioError
}
