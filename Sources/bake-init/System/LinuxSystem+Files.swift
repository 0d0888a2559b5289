import BakeContract
import CGuest

extension LinuxSystem {
    func read(_ path: Bytes, limit: Int) throws(Errno) -> Bytes {
        let file = try FileDescriptor(opening: path, O_RDONLY)
        return try file.read(limit: limit)
    }

    func read(_ path: Bytes, at offset: UInt64, byteCount: Int) throws(Errno) -> Bytes {
        let file = try FileDescriptor(opening: path, O_RDONLY)
        guard lseek(file.number, off_t(truncatingIfNeeded: offset), SEEK_SET) >= 0 else {
            throw .last
        }
        return try file.read(limit: byteCount)
    }

    func write(_ bytes: Bytes, into path: Bytes) throws(Errno) {
        let file = try FileDescriptor(opening: path, O_WRONLY)
        try file.write(all: bytes)
    }

    func create(_ path: Bytes, mode: UInt32, contents: Bytes) throws(Errno) {
        // Removed first: what stands there may be a symbolic link that leads elsewhere.
        withCString(path) { _ = unlink($0) }
        let file = try FileDescriptor(opening: path, O_WRONLY | O_CREAT | O_EXCL, mode: mode)
        try checked { fchmod(file.number, mode) }
        try file.write(all: contents)
    }

    func list(_ directory: Bytes) throws(Errno) -> [Bytes] {
        guard let stream = withCString(directory, { opendir($0) }) else { throw .last }
        defer { closedir(stream) }
        var names: [Bytes] = []
        while let entry = readdir(stream) {
            let name = entry.name
            if name != ".".bytes && name != "..".bytes { names.append(name) }
        }
        return names.sorted { $0.lexicographicallyPrecedes($1) }
    }

    func kind(of path: Bytes) -> FileKind? {
        var status = stat()
        guard withCString(path, { lstat($0, &status) }) == 0 else { return nil }
        return FileKind(mode: status.st_mode)
    }

    func byteCount(of path: Bytes) throws(Errno) -> UInt64 {
        var status = stat()
        try checked { withCString(path) { stat($0, &status) } }
        return UInt64(status.st_size)
    }

    func makeDirectory(_ path: Bytes, mode: UInt32) throws(Errno) {
        try checked { withCString(path) { mkdir($0, mode) } }
        // mkdir(2) takes the umask off.
        try checked { withCString(path) { chmod($0, mode) } }
    }

    func makeSymbolicLink(_ path: Bytes, to target: Bytes) throws(Errno) {
        try checked {
            withCString(target) { target in withCString(path) { symlink(target, $0) } }
        }
    }

    func remove(_ path: Bytes) throws(Errno) {
        try checked { withCString(path) { unlink($0) } }
    }

    func changeOwner(of path: Bytes, user: UInt32, group: UInt32) throws(Errno) {
        try checked { withCString(path) { lchown($0, user, group) } }
    }
}

extension FileKind {
    init(mode: mode_t) {
        switch Int32(mode) & S_IFMT {
        case S_IFREG: self = .file
        case S_IFDIR: self = .directory
        case S_IFLNK: self = .symbolicLink
        default: self = .other
        }
    }
}

extension UnsafeMutablePointer<dirent> {
    /// `d_name` as bytes, read where it stands: a copy of the whole structure would be of memory
    /// behind the entry, whose name is as long as it is.
    var name: Bytes {
        withUnsafeBytes(of: &pointee.d_name) { raw in Bytes(raw.prefix { $0 != 0 }) }
    }
}
