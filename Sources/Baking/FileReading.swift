internal import Glibc
public import SystemPackage

/// Makes a directory and those above it; one that is there is as good.
func makeDirectory(_ path: FilePath) throws(Errno) {
    if mkdir(path.string, 0o777) == 0 || errno == EEXIST { return }
    guard errno == ENOENT, !path.removingLastComponent().isEmpty else {
        throw Errno(rawValue: errno)
    }
    try makeDirectory(path.removingLastComponent())
    guard mkdir(path.string, 0o777) == 0 || errno == EEXIST else { throw Errno(rawValue: errno) }
}

/// 0 for what is no regular file.
private func byteCount(of file: FileDescriptor) throws(Errno) -> Int {
    var status = stat()
    guard fstat(file.rawValue, &status) == 0 else { throw Errno(rawValue: errno) }
    return status.st_mode & S_IFMT == S_IFREG ? Int(status.st_size) : 0
}

/// The whole content of a file that fits memory: a kernel, a configuration, a part of bake.
public func readWholeFile(_ path: FilePath) throws(Errno) -> [UInt8] {
    do {
        let file = try FileDescriptor.open(path, .readOnly, options: .closeOnExec)
        return try file.closeAfter {
            var bytes: [UInt8] = []
            // Growing would leave it up to twice as large as the file.
            bytes.reserveCapacity(try byteCount(of: file))
            var buffer = [UInt8](repeating: 0, count: 1 << 20)
            while true {
                let count = try buffer.withUnsafeMutableBytes { try file.read(into: $0) }
                guard count > 0 else { return bytes }
                bytes += buffer[..<count]
            }
        }
    } catch let error as Errno {
        throw error
    } catch {
        preconditionFailure("SystemPackage threw something else than Errno: \(error)")
    }
}
