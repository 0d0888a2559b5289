internal import Glibc
internal import SystemPackage
internal import Tools

/// A file in one of bake's caches, and when it was used last.
struct CachedFile {
    let path: FilePath
    let byteCount: Int
    let lastUse: (seconds: Int, nanoseconds: Int)

    /// None where the directory cannot be read: a cache may be gone at any time.
    static func all(in directory: FilePath) -> [CachedFile] {
        guard let names = try? namesInDirectory(directory) else { return [] }  // as said above
        return names.compactMap { CachedFile(directory.appending($0)) }
    }

    /// Nil for what is no regular file.
    private init?(_ path: FilePath) {
        var status = stat()
        guard path.withPlatformString({ lstat($0, &status) }) == 0,
            status.st_mode & S_IFMT == S_IFREG
        else { return nil }
        self.path = path
        byteCount = Int(status.st_size)
        lastUse = (status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
    }

    func remove() {
        _ = path.withPlatformString { unlink($0) }
    }
}
