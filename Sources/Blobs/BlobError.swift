public import SystemPackage
public import Trees

/// Why a blob could not be written.
public enum BlobError: Error, Sendable, Equatable {
    public enum OutputOperation: String, Sendable {
        case read = "read"
        case write = "write"
        case resize = "resize"
    }

    /// A file of the tree could not be read, or changed.
    case tree(TreeError)
    /// A file that was trusted for its times holds something else than it did.
    case falseLooks(HostPlace)
    case output(OutputOperation, Errno)
    /// The blob is longer than the caller has use for.
    case tooLong(limitByteCount: UInt64)
    /// A call into libsquashfs and its error by name: `SQFS_ERROR_ALLOC`.
    case library(call: String, error: String)
    /// No thread could be started.
    case thread(Errno)
    /// A call into a compressor's own library and its error by name.
    case streamLibrary(String, call: String, error: String)
    case unknownCompression(String)
    case levelOutOfRange(algorithm: String, level: Int, expected: String)
    /// In bytes.
    case badBlockSize(Int)
    case tooManyOwners(count: Int, limit: Int)
    case tooManyInodes(count: Int)
    case nameTooLong(TreePath, byteCount: Int, limit: Int)
    case linkTargetLength(TreePath, byteCount: Int, limit: Int)
    case deviceNumber(TreePath, Node.Device)
    /// A character device 0:0, which overlayfs takes for a deleted file
    /// (Documentation/filesystems/overlayfs.rst, "whiteouts").
    case whiteout(TreePath)
    /// An archive has no place for one.
    case socket(TreePath)
    /// A whole path, in bytes.
    case pathTooLong(TreePath, byteCount: Int, limit: Int)
    /// In bytes; newc counts them in 32 bits.
    case fileTooLarge(TreePath, byteCount: UInt64)
    /// A newc archive ends with the member that has this name.
    case endMarker(TreePath)
    /// A newc archive has no place for extended attributes: `count` files have some, the first of
    /// them one of this name.
    case xattrs(first: TreePath, name: Bytes, count: Int)
    /// An attribute outside of `user.`, `trusted.` and `security.`.
    case xattrNamespace(TreePath, name: Bytes)
}

extension BlobError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .tree(let error):
            error.description
        case .falseLooks(let place):
            """
            cannot pack '\(place)': its content changed, and neither its length nor its times
              hint: bake with --trust hash
            """
        case .output(let operation, let errno):
            "cannot \(operation.rawValue) the blob: \(errno)"
        case .tooLong(let limit):
            "the blob is longer than \(limit) bytes"
        case .library(let call, let error):
            "libsquashfs failed: \(call): \(error)"
        case .thread(let errno):
            "cannot start a thread: \(errno)"
        case .streamLibrary(let library, let call, let error):
            "\(library) failed: \(call): \(error)"
        case .unknownCompression(let text):
            "unknown compression '\(text)': expected zstd, gzip, xz, lz4 or none, then ':LEVEL'"
        case .levelOutOfRange(let algorithm, let level, let expected):
            "\(algorithm) has no level \(level): expected \(expected)"
        case .badBlockSize(let size):
            "block size \(size) is not a power of two from 4096 to 1048576"
        case .tooManyOwners(let count, let limit):
            "the tree has \(count) different users and groups, squashfs holds \(limit)"
        case .tooManyInodes(let count):
            "the tree has \(count) files, squashfs holds \(UInt32.max - 1)"
        case .nameTooLong(let path, let byteCount, let limit):
            "cannot store '\(path)': its name has \(byteCount) bytes, the limit is \(limit)"
        case .linkTargetLength(let path, let byteCount, let limit):
            "cannot store '\(path)': its target has \(byteCount) bytes, allowed are 1 to \(limit)"
        case .deviceNumber(let path, let device):
            """
            cannot store '\(path)': device \(device.major):\(device.minor) is beyond \
            4095:1048575
            """
        case .whiteout(let path):
            """
            cannot store '\(path)': it is the character device 0:0, which marks a deleted file \
            and would not be seen in the guest
              hint: remove it from the tree, with what it was to delete
            """
        case .socket(let path):
            """
            cannot store '\(path)': it is a socket, which a tar archive cannot hold
              hint: remove it from the tree; the program makes it when it starts
            """
        case .pathTooLong(let path, let byteCount, let limit):
            """
            cannot store '\(path)': its path has \(byteCount) bytes, the kernel unpacks up to \
            \(limit) from an initrd
            """
        case .fileTooLarge(let path, let byteCount):
            """
            cannot store '\(path)': it has \(byteCount) bytes, a file of an initrd can have \
            \(UInt32.max)
              hint: --exclude it, or take an image or --format squashfs
            """
        case .endMarker(let path):
            """
            cannot store '\(path)': that name ends a newc archive
              hint: --exclude it, or take an image or --format squashfs
            """
        case .xattrs(let path, let name, let count):
            """
            cannot store '\(path)': an initrd has no place for extended attributes \
            (\(String(printable: name))), which \(count == 1 ? "1 file has" : "\(count) files have")
              hint: --drop-xattrs leaves them out
            """
        case .xattrNamespace(let path, let name):
            """
            cannot store '\(path)': squashfs has no place for the attribute \
            \(String(printable: name))
            """
        }
    }
}
