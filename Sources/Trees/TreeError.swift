public import SystemPackage

/// Why a tree could not be read, or layers not laid over each other.
public enum TreeError: Error, Sendable, Equatable {
    public enum Operation: String, Sendable {
        case openDirectory = "open the directory"
        case listDirectory = "list the directory"
        case readStatus = "look at"
        case readLink = "read the symbolic link"
        case readXattrs = "read the extended attributes of"
        case openFile = "open"
        case readFile = "read"
    }

    public enum Change: String, Sendable {
        case replaced = "it was replaced"
        case grew = "it grew"
        case shrank = "it shrank"
        case modified = "it was written to"
    }

    case treeMissing(tree: String)
    case treeNotDirectory(tree: String)
    case failed(Operation, HostPlace, Errno)
    /// A POSIX access control list: squashfs has no place for one, and dropping it silently would
    /// change who may do what.
    case accessControlList(HostPlace, xattr: Bytes)
    /// A file system whose files are made up as they are read, such as `proc`: mounted here.
    case specialFileSystem(HostPlace, name: String)
    /// A file that has more data than its size says, while it does not change.
    case sizeUnknown(HostPlace, byteCount: UInt64)
    /// Between the scan and the last byte read.
    case changed(HostPlace, Change)
    /// A directory and something else at one path.
    case typeConflict(
        path: TreePath, lower: String, lowerKind: String, upper: String, upperKind: String)
    /// A file whose path has no component left after `--strip`.
    case nothingLeft(path: TreePath, stripped: Int, tree: String)
    /// Two files that come to one path by `--strip`.
    case stripCollision(path: TreePath, stripped: Int, tree: String)
    /// No file for the contents of archives could be made in this directory.
    case scratch(directory: String, Errno)
    /// The contents of an archive could not be kept, or not be read again.
    case spoolFull(tree: String, Errno)
    /// The archive was read without its contents, or without this one.
    case contentNotKept(tree: String)
    case archive(ArchiveError)
    case whiteout(HostPlace, WhiteoutProblem)
    /// A layer could not be written as an archive.
    case saving(archive: String, SavingProblem)
}

extension TreeError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .treeMissing(let tree):
            "cannot read the tree '\(tree)': \(Errno.noSuchFileOrDirectory)"
        case .treeNotDirectory(let tree):
            "cannot read the tree '\(tree)': it is not a directory"
        case .failed(let operation, let place, let errno):
            "cannot \(operation.rawValue) '\(place)': \(errno)"
        case .accessControlList(let place, let xattr):
            """
            cannot add '\(place)' to the tree: it has an access control list \
            (\(String(printable: xattr))), which squashfs cannot hold
              hint: remove it with 'setfacl -b', or leave it out with --drop-acl
            """
        case .specialFileSystem(let place, let name) where place.path.isRoot:
            """
            cannot read the tree '\(place)': it is in a file system of the running kernel, \(name)
              hint: copy what is needed from it into a directory
            """
        case .specialFileSystem(let place, let name):
            """
            cannot add '\(place)' to the tree: a file system of the running kernel is mounted \
            there, \(name)
              hint: leave it out with --one-file-system or --exclude
            """
        case .sizeUnknown(let place, let byteCount):
            """
            cannot add '\(place)' to the tree: it has more data than its size says \
            (\(byteCount) bytes), so its file system makes it up as it is read
              hint: copy it to another file system first, or leave it out with --exclude
            """
        case .changed(let place, let change):
            "cannot add '\(place)' to the tree: \(change.rawValue) while it was read"
        case .typeConflict(let path, let lower, let lowerKind, let upper, let upperKind):
            """
            cannot lay '\(upper)' over '\(lower)': \(path) is \(upperKind) in the former and \
            \(lowerKind) in the latter
            """
        case .nothingLeft(let path, let count, let tree):
            """
            cannot strip \(count) component\(count == 1 ? "" : "s") of the paths of '\(tree)': \
            nothing would be left of the file \(path)
              hint: give a smaller --strip, or --exclude the file
            """
        case .stripCollision(let path, let count, let tree):
            """
            cannot strip \(count) component\(count == 1 ? "" : "s") of the paths of '\(tree)': \
            two files would come to \(path)
              hint: give a smaller --strip, or --exclude one of them
            """
        case .scratch(let directory, let errno):
            "cannot unpack archives beside the output, in '\(directory)': \(errno)"
        case .spoolFull(let tree, let errno):
            "cannot unpack '\(tree)' beside the output: \(errno)"
        case .contentNotKept(let tree):
            "cannot read contents of '\(tree)': it was only listed"
        case .archive(let error): error.description
        case .whiteout(let place, let problem): "cannot apply '\(place)': \(problem)"
        case .saving(let archive, let problem): "cannot save '\(archive)': \(problem)"
        }
    }
}
