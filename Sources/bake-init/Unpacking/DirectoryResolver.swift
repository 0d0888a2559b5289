// Directories below one directory, never beside it.

import BakeContract
import CGuest

/// An open directory of the tree being unpacked, closed with its last owner.
final class OpenDirectory {
    let path: ArchivePath
    private let descriptor: FileDescriptor

    init(_ path: ArchivePath, _ descriptor: consuming FileDescriptor) {
        self.path = path
        self.descriptor = descriptor
    }

    var number: Int32 { descriptor.number }
}

final class DirectoryResolver {
    private let root: FileDescriptor

    init(_ directory: Bytes) throws(UnpackError) {
        do throws(Errno) {
            root = try FileDescriptor(opening: directory, guest_O_PATH | O_DIRECTORY)
        } catch {
            throw .cannotOpen(directory, error)
        }
    }

    /// - Parameters:
    ///   - creating: makes directories that are missing, as an archive may leave them out.
    ///   - flags: of open(2), beside O_DIRECTORY.
    func open(
        _ path: ArchivePath, creating: Bool, flags: Int32 = guest_O_PATH
    ) throws(UnpackError) -> OpenDirectory {
        do throws(Errno) {
            return OpenDirectory(path, try openAtOnce(path, flags))
        } catch {
            // A long path is walked as well: the kernel takes 4095 bytes at a time.
            guard error.code == ENAMETOOLONG || (creating && error.code == ENOENT) else {
                throw failure(path, error)
            }
        }
        do throws(Errno) {
            return OpenDirectory(path, try walk(path, creating: creating, flags))
        } catch {
            throw failure(path, error)
        }
    }

    private func openAtOnce(_ path: ArchivePath, _ flags: Int32) throws(Errno) -> FileDescriptor {
        try openDirectory(root.number, path.isRoot ? ".".bytes : path.bytes, flags)
    }

    private func walk(
        _ path: ArchivePath, creating: Bool, _ flags: Int32
    ) throws(Errno) -> FileDescriptor {
        var directory = try openDirectory(root.number, ".".bytes, guest_O_PATH)
        for component in path.components {
            if creating { try makeDirectory(directory.number, component) }
            directory = try openDirectory(directory.number, component, guest_O_PATH)
        }
        return try openDirectory(directory.number, ".".bytes, flags)
    }

    private func makeDirectory(_ directory: Int32, _ name: Bytes) throws(Errno) {
        do throws(Errno) {
            try checked { withCString(name) { mkdirat(directory, $0, 0o755) } }
        } catch {
            if error.code != EEXIST { throw error }
        }
    }

    private func openDirectory(
        _ directory: Int32, _ path: Bytes, _ flags: Int32
    ) throws(Errno) -> FileDescriptor {
        let number = try checked {
            withCString(path) { openBelow(directory, $0, flags | O_DIRECTORY, mode: 0) }
        }
        return FileDescriptor(adopting: number)
    }

    private func failure(_ path: ArchivePath, _ error: Errno) -> UnpackError {
        switch error.code {
        // EXDEV: it would have led out of the tree.
        case ELOOP, EXDEV: .throughSymbolicLink(path.bytes)
        default: .cannotMake(.makeDirectory, path.bytes, error)
        }
    }
}

/// openat2(2): below `directory`, through no symbolic link.
func openBelow(
    _ directory: Int32, _ path: UnsafePointer<CChar>, _ flags: Int32, mode: UInt64
) -> Int32 {
    var how = open_how()
    how.flags = UInt64(flags | O_CLOEXEC)
    how.mode = mode
    how.resolve = UInt64(RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS)
    return guest_openat2(directory, path, &how)
}
