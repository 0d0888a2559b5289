import Glibc
public import SystemPackage

/// A system call on a file failed while we were doing `action` ("read", "lock", ...).
public struct FileFailure: Error, Equatable, Sendable {
    public let action: String
    public let path: FilePath
    public let errno: Errno
}

// The few file operations that the users of tools and caches need, with a typed error.

public func readFile(_ path: FilePath) throws(FileFailure) -> [UInt8] {
    do {
        let file = try FileDescriptor.open(path, .readOnly, options: .closeOnExec)
        return try file.closeAfter { try readToEnd(file) }
    } catch {
        throw FileFailure(action: "read", path: path, errno: errno(of: error))
    }
}

/// The first bytes of a file, or all of them where there are fewer, and how long it is.
public func readFront(
    of path: FilePath, upTo maxByteCount: Int
) throws(FileFailure) -> (bytes: [UInt8], fileByteCount: Int) {
    do {
        let file = try FileDescriptor.open(path, .readOnly, options: .closeOnExec)
        return try file.closeAfter {
            let fileByteCount = Int(try file.seek(offset: 0, from: .end))
            var bytes = [UInt8](repeating: 0, count: min(maxByteCount, fileByteCount))
            var count = 0
            while count < bytes.count {
                let piece = try bytes.withUnsafeMutableBytes {
                    try file.read(
                        fromAbsoluteOffset: Int64(count), into: .init(rebasing: $0[count...]))
                }
                if piece == 0 { break }
                count += piece
            }
            return (Array(bytes[..<count]), fileByteCount)
        }
    } catch {
        throw FileFailure(action: "read", path: path, errno: errno(of: error))
    }
}

/// Right into the memory it stays in, for as long as the file says it is, and behind that in chunks:
/// pipes and files of /proc say nothing.
private func readToEnd(_ file: FileDescriptor) throws -> [UInt8] {
    var status = stat()
    guard fstat(file.rawValue, &status) == 0 else { throw Errno(rawValue: Glibc.errno) }
    let expected = status.st_mode & S_IFMT == S_IFREG ? Int(status.st_size) : 0
    var bytes = try readChunk(file, upTo: expected + 1)
    if bytes.count <= expected { return bytes }
    while true {
        let chunk = try readChunk(file, upTo: 1 << 20)
        if chunk.isEmpty { return bytes }
        bytes += chunk
    }
}

/// Shorter than wanted at the end of the file alone.
private func readChunk(_ file: FileDescriptor, upTo byteCount: Int) throws -> [UInt8] {
    try [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, filled in
        while filled < byteCount {
            let rest = UnsafeMutableBufferPointer(rebasing: buffer[filled...])
            let count = try file.read(into: UnsafeMutableRawBufferPointer(rest))
            if count == 0 { return }
            filled += count
        }
    }
}

/// Writes a small text file, mode 0644 before the umask.
public func writeFile(_ text: String, to path: FilePath) throws(FileFailure) {
    do {
        let file = try FileDescriptor.open(
            path, .writeOnly, options: [.create, .truncate, .closeOnExec],
            permissions: FilePermissions(rawValue: 0o644))
        _ = try file.closeAfter { try file.writeAll(text.utf8) }
    } catch {
        throw FileFailure(action: "write", path: path, errno: errno(of: error))
    }
}

/// The names in a directory, sorted by their bytes, without `.` and `..`.
public func namesInDirectory(_ path: FilePath) throws(FileFailure) -> [String] {
    guard let stream = opendir(path.string) else {
        throw FileFailure(action: "read", path: path, errno: Errno(rawValue: Glibc.errno))
    }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
            tuple.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
}

public enum FileKind: Sendable { case file, directory, other, absent }

/// What stands at `path`, symbolic links followed; an unreachable path counts as absent.
public func kind(of path: FilePath) -> FileKind {
    var status = stat()
    guard stat(path.string, &status) == 0 else { return .absent }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return .file
    case S_IFDIR: return .directory
    default: return .other
    }
}

public func isReadable(_ path: FilePath) -> Bool { access(path.string, R_OK) == 0 }

/// Makes a directory and those above it.
public func makeDirectories(_ path: FilePath) throws(FileFailure) {
    if kind(of: path) == .directory { return }
    let parent = path.removingLastComponent()
    if !parent.isEmpty && parent != path { try makeDirectories(parent) }
    if mkdir(path.string, 0o755) != 0 && Glibc.errno != EEXIST {
        throw FileFailure(action: "create", path: path, errno: Errno(rawValue: Glibc.errno))
    }
}

public func moveFile(_ source: FilePath, to target: FilePath) throws(FileFailure) {
    guard rename(source.string, target.string) == 0 else {
        throw FileFailure(action: "create", path: target, errno: Errno(rawValue: Glibc.errno))
    }
}

/// Removes a tree of files; what is not there is no error.
public func removeTree(_ path: FilePath) throws(FileFailure) {
    var status = stat()
    guard lstat(path.string, &status) == 0 else { return }
    if status.st_mode & S_IFMT == S_IFDIR {
        for name in try namesInDirectory(path) { try removeTree(path.appending(name)) }
    }
    let result = status.st_mode & S_IFMT == S_IFDIR ? rmdir(path.string) : unlink(path.string)
    guard result == 0 else {
        throw FileFailure(action: "remove", path: path, errno: Errno(rawValue: Glibc.errno))
    }
}

/// SystemPackage throws `Errno` and nothing else.
func errno(of error: any Error) -> Errno { error as? Errno ?? .ioError }

/// Bytes free for us on the file system of `path`.
public func availableByteCount(at path: FilePath) throws(FileFailure) -> Int {
    var status = statvfs()
    guard statvfs(path.string, &status) == 0 else {
        throw FileFailure(action: "look at", path: path, errno: Errno(rawValue: Glibc.errno))
    }
    // Capped so that the product fits; nobody needs to know of more than exabytes.
    return Int(min(status.f_bavail, 1 << 40)) * Int(min(status.f_frsize, 1 << 20))
}

/// The path without links and from the root on; it must be there.
public func absolute(_ path: FilePath) throws(FileFailure) -> FilePath {
    guard let resolved = realpath(path.string, nil) else {
        throw FileFailure(action: "find", path: path, errno: Errno(rawValue: Glibc.errno))
    }
    defer { free(resolved) }
    return FilePath(String(cString: resolved))
}

public func makeLink(_ path: FilePath, to target: FilePath) throws(FileFailure) {
    guard symlink(target.string, path.string) == 0 else {
        throw FileFailure(action: "create", path: path, errno: Errno(rawValue: Glibc.errno))
    }
}
