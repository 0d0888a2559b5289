public import SystemPackage
public import Trees

/// Why a squashfs could not be read. Every case names the file as the user wrote it.
public enum SquashFSReadError: Error, Sendable, Equatable {
    /// What is wrong with the bytes, and where in the tree.
    public enum Flaw: Sendable, Equatable {
        case superblock(field: String)
        /// One of the tables behind the contents does not unpack or leaves its bounds.
        case table(String)
        case inode(TreePath, field: String)
        /// A name that names nothing, or too much: empty, `..`, with a `/` or a NUL, too long.
        case name(Bytes, in: TreePath)
        /// Two entries of one name.
        case nameTwice(TreePath)
        /// A directory that is a part of itself, or stands in two places.
        case directoryTwice(TreePath)
        case listing(TreePath)
        case xattrs(TreePath)
        case content(TreePath)
        /// The metadata describes more than a file of this length plausibly holds, in bytes.
        case tooMuch(limitByteCount: UInt64)
    }

    case notSquashFS(file: String)
    case readFailed(file: String, Errno)
    case cutShort(file: String, byteCount: UInt64, neededByteCount: UInt64)
    /// Only 4.0, what Linux mounts, is read.
    case version(file: String, major: Int, minor: Int)
    /// Compressed in a way that libsquashfs was not built for.
    case compressor(file: String, name: String)
    case damaged(file: String, Flaw)
    /// A call into libsquashfs that fails whatever the file holds.
    case library(call: String)
    /// The contents could not be kept.
    case tree(TreeError)
}

extension SquashFSReadError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .notSquashFS(let file):
            "cannot read '\(file)': it is not a squashfs"
        case .readFailed(let file, let errno):
            "cannot read '\(file)': \(errno)"
        case .cutShort(let file, let byteCount, let needed):
            "cannot read '\(file)': it is cut short, it has \(byteCount) of \(needed) bytes"
        case .version(let file, let major, let minor):
            "cannot read '\(file)': it is a squashfs \(major).\(minor), only 4.0 can be read"
        case .compressor(let file, let name):
            """
            cannot read '\(file)': it is compressed with \(name), which libsquashfs does not know
              hint: unpack it with 'unsquashfs' and take the directory
            """
        case .damaged(let file, let flaw):
            "cannot read '\(file)': \(flaw)"
        case .library(let call):
            "libsquashfs failed: \(call)"
        case .tree(let error):
            error.description
        }
    }
}

extension SquashFSReadError.Flaw: CustomStringConvertible {
    public var description: String {
        switch self {
        case .superblock(let field): "its superblock is damaged (\(field))"
        case .table(let name): "its \(name) is damaged"
        case .inode(let path, let field): "the inode of '\(shortened(path))' is damaged (\(field))"
        case .name(let name, let directory):
            "in '\(shortened(directory))' something is called '\(String(printable: name))'"
        case .nameTwice(let path): "'\(shortened(path))' is there twice"
        case .directoryTwice(let path):
            "the directory '\(shortened(path))' stands in a second place"
        case .listing(let path): "the list of what is in '\(shortened(path))' is damaged"
        case .xattrs(let path): "the extended attributes of '\(shortened(path))' are damaged"
        case .content(let path): "the content of '\(shortened(path))' is damaged"
        case .tooMuch(let limit):
            "it describes a tree that takes more than \(limit) bytes of memory"
        }
    }

    /// A hostile path can be as long as it likes.
    private func shortened(_ path: TreePath) -> String {
        let limit = 400
        if path.bytes.count <= limit { return path.description }
        return "/" + String(printable: Bytes(path.bytes.prefix(limit))) + "..."
    }
}
