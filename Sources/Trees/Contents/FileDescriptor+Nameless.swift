internal import Glibc
internal import SystemPackage

extension FileDescriptor {
    /// O_TMPFILE of asm-generic/fcntl.h; Swift's Glibc module leaves GNU's names out.
    private static let temporaryFile: Int32 = 0o20000000 | O_DIRECTORY

    /// A new file that has no name and is gone with its descriptor, however the process ends.
    ///
    /// - Parameter directory: any directory with room for its contents; nothing is left in it.
    static func nameless(in directory: FilePath) throws(Errno) -> FileDescriptor {
        var descriptor = Glibc.open(
            directory.string, temporaryFile | O_RDWR | O_CLOEXEC, 0o600)
        if descriptor < 0 {
            // Some file systems (overlayfs of old kernels, NFS) know no files without a name.
            var template = Array("\(directory.string)/.bake-spool-XXXXXX".utf8CString)
            descriptor = mkstemp(&template)
            if descriptor >= 0 {
                unlink(template)
                _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            }
        }
        guard descriptor >= 0 else { throw Errno(rawValue: errno) }
        return FileDescriptor(rawValue: descriptor)
    }

    /// Writes all bytes at an offset.
    func write(whole bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(Errno) {
        var written = 0
        while written < bytes.count {
            let count = Glibc.pwrite(
                rawValue, bytes.baseAddress! + written, bytes.count - written,
                off_t(offset) + off_t(written))
            if count > 0 {
                written += count
            } else if errno != EINTR {
                throw Errno(rawValue: errno)
            }
        }
    }
}
