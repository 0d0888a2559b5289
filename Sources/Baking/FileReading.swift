internal import Glibc
public import SystemPackage
internal import Tools

/// Makes a directory and those above it; one that is there is as good.
func makeDirectory(_ path: FilePath) throws(Errno) {
    if mkdir(path.string, 0o777) == 0 || errno == EEXIST { return }
    guard errno == ENOENT, !path.removingLastComponent().isEmpty else {
        throw Errno(rawValue: errno)
    }
    try makeDirectory(path.removingLastComponent())
    guard mkdir(path.string, 0o777) == 0 || errno == EEXIST else { throw Errno(rawValue: errno) }
}

/// The whole content of a file that fits memory: a kernel, a configuration, a part of bake.
public func readWholeFile(_ path: FilePath) throws(Errno) -> [UInt8] {
    do {
        return try readFile(path)
    } catch {
        throw error.errno
    }
}
