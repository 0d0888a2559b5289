import Glibc
internal import SystemPackage

/// The few file operations this module needs, with typed errors.
func readFile(_ path: FilePath) throws(KernelsError) -> [UInt8] {
    do {
        let file = try FileDescriptor.open(path, .readOnly, options: .closeOnExec)
        return try file.closeAfter { try readToEnd(file) }
    } catch {
        throw .inputOutput(action: "read", path: path, errno: errno(of: error))
    }
}

private func readToEnd(_ file: FileDescriptor) throws -> [UInt8] {
    var bytes: [UInt8] = []
    let chunkByteCount = 1 << 20
    let expected = try file.seek(offset: 0, from: .end)
    _ = try file.seek(offset: 0, from: .start)
    bytes.reserveCapacity(Int(expected))
    var chunk = [UInt8](repeating: 0, count: chunkByteCount)
    while true {
        let count = try chunk.withUnsafeMutableBytes { try file.read(into: $0) }
        if count == 0 { return bytes }
        bytes.append(contentsOf: chunk[..<count])
    }
}

/// Writes a small text file, mode 0644 before the umask.
func writeFile(_ text: String, to path: FilePath) throws(KernelsError) {
    do {
        let file = try FileDescriptor.open(
            path, .writeOnly, options: [.create, .truncate, .closeOnExec],
            permissions: FilePermissions(rawValue: 0o644))
        _ = try file.closeAfter { try file.writeAll(text.utf8) }
    } catch {
        throw .inputOutput(action: "write", path: path, errno: errno(of: error))
    }
}

/// The names in a directory, sorted by their bytes, without `.` and `..`.
func namesInDirectory(_ path: FilePath) throws(KernelsError) -> [String] {
    guard let stream = opendir(path.string) else {
        throw .inputOutput(action: "read", path: path, errno: Errno(rawValue: Glibc.errno))
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

enum FileKind { case file, directory, other, absent }

/// What stands at `path`, symbolic links followed; an unreachable path counts as absent.
func kind(of path: FilePath) -> FileKind {
    var status = stat()
    guard stat(path.string, &status) == 0 else { return .absent }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return .file
    case S_IFDIR: return .directory
    default: return .other
    }
}

func isReadable(_ path: FilePath) -> Bool { access(path.string, R_OK) == 0 }

/// Makes a directory and those above it.
func makeDirectories(_ path: FilePath) throws(KernelsError) {
    if kind(of: path) == .directory { return }
    let parent = path.removingLastComponent()
    if !parent.isEmpty && parent != path { try makeDirectories(parent) }
    if mkdir(path.string, 0o755) != 0 && Glibc.errno != EEXIST {
        throw .inputOutput(action: "create", path: path, errno: Errno(rawValue: Glibc.errno))
    }
}

func moveFile(_ source: FilePath, to target: FilePath) throws(KernelsError) {
    guard rename(source.string, target.string) == 0 else {
        throw .inputOutput(action: "create", path: target, errno: Errno(rawValue: Glibc.errno))
    }
}

/// Removes a tree of files; what is not there is no error.
func removeTree(_ path: FilePath) throws(KernelsError) {
    var status = stat()
    guard lstat(path.string, &status) == 0 else { return }
    if status.st_mode & S_IFMT == S_IFDIR {
        for name in try namesInDirectory(path) { try removeTree(path.appending(name)) }
    }
    let result = status.st_mode & S_IFMT == S_IFDIR ? rmdir(path.string) : unlink(path.string)
    guard result == 0 else {
        throw .inputOutput(action: "remove", path: path, errno: Errno(rawValue: Glibc.errno))
    }
}

/// SystemPackage throws `Errno` and nothing else.
func errno(of error: any Error) -> Errno { error as? Errno ?? .ioError }

/// Bytes free for us on the file system of `path`.
func availableByteCount(at path: FilePath) throws(KernelsError) -> Int {
    var status = statvfs()
    guard statvfs(path.string, &status) == 0 else {
        throw .inputOutput(action: "look at", path: path, errno: Errno(rawValue: Glibc.errno))
    }
    // Capped so that the product fits; nobody needs to know of more than exabytes.
    return Int(min(status.f_bavail, 1 << 40)) * Int(min(status.f_frsize, 1 << 20))
}

/// The path without links and from the root on; it must be there.
func absolute(_ path: FilePath) throws(KernelsError) -> FilePath {
    guard let resolved = realpath(path.string, nil) else {
        throw .inputOutput(action: "find", path: path, errno: Errno(rawValue: Glibc.errno))
    }
    defer { free(resolved) }
    return FilePath(String(cString: resolved))
}
