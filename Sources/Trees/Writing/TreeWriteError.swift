public import SystemPackage

/// Why a tree could not be written into a directory.
public enum TreeWriteError: Error, Sendable, Equatable {
    public enum Operation: String, Sendable {
        case create = "create"
        case link = "link"
        case write = "write"
        case setOwner = "give to its owner"
        case setMode = "set the mode of"
        case setTime = "set the time of"
        case setXattr = "set the extended attributes of"
    }

    case destinationIsLink(String)
    case destinationNotDirectory(String)
    case destinationNotEmpty(String)
    /// `.`, `..` or `/`: nothing can be put in their place.
    case destinationHasNoName(String)
    case destination(String, Errno)
    case failed(Operation, HostPlace, Errno)
    /// The content of a file could not be read.
    case source(TreeError)
    case tooManyBytes(count: UInt64, limit: UInt64)
    case tooManyFiles(count: Int, limit: Int)
}

extension TreeWriteError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .destinationIsLink(let path):
            "cannot write a tree to '\(path)': it is a symbolic link"
        case .destinationNotDirectory(let path):
            "cannot write a tree to '\(path)': it is not a directory"
        case .destinationNotEmpty(let path):
            "cannot write a tree to '\(path)': it is not empty"
        case .destinationHasNoName(let path):
            "cannot write a tree to '\(path)': it needs a directory with a name of its own"
        case .destination(let path, let errno):
            "cannot write a tree to '\(path)': \(errno)"
        case .failed(let operation, let place, let errno):
            "cannot \(operation.rawValue) '\(place)': \(errno)"
        case .source(let error):
            error.description
        case .tooManyBytes(let count, let limit):
            "the tree holds \(count) bytes, more than the \(limit) allowed"
        case .tooManyFiles(let count, let limit):
            "the tree holds \(count) files, more than the \(limit) allowed"
        }
    }
}
