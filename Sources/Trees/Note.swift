/// Something the user should know although the image is exactly what was asked for.
public enum Note: Sendable, Hashable {
    /// Another file system is mounted inside the tree; its files are in the layer.
    case mountInside(HostPlace)
    /// Another file system is mounted inside the tree; its files are not in the layer, as
    /// `--one-file-system` asks.
    case otherFileSystemLeftOut(HostPlace)
    /// Names that are not in the layer because they were excluded, those below them not counted.
    case excluded(tree: String, count: Int)
    /// POSIX access control lists that are not in the layer, as `--drop-acl` asks: the first file
    /// that had one, and how many had.
    case accessControlListsDropped(first: HostPlace, count: Int)
    /// The output of this bake stands inside the tree and was left out.
    case outputLeftOut(HostPlace)
    /// An attribute of a kind no image can hold (`system.nfs4_acl`, `btrfs.compression`): the first
    /// file that has it.
    case xattrLeftOut(HostPlace, name: Bytes)
    /// A lower layer has a symbolic link where a later one has a directory, and it leads to a
    /// directory of the merged tree: the later layer's files went there.
    case followedLink(path: TreePath, to: TreePath, lower: String, upper: String)
    /// The same, but the link leads to no directory: the directory took its place.
    case replacedLink(path: TreePath, target: Bytes, lower: String, upper: String)
    /// A directory took the place of something else or the other way round, as
    /// `ConflictRule.replace` has it.
    case replaced(path: TreePath, kind: String, lower: String, upper: String)
    /// A layer deletes a path that no layer below it has.
    case nothingToDelete(path: TreePath, layer: String)
    /// One layer has a file at both names of one directory; the one at `winner` counts.
    case twoFilesForOnePlace(path: TreePath, winner: TreePath, layer: String)
    case archive(ArchiveNote)
    case whiteouts(WhiteoutNote)
    /// What whoever made the layer has to say about it, a sentence.
    case remark(String)
}

extension Note: CustomStringConvertible {
    public var description: String {
        switch self {
        case .mountInside(let place):
            "'\(place)' is a mount point; what is mounted there is part of the tree"
        case .otherFileSystemLeftOut(let place):
            "'\(place)' is on another file system; what is mounted there was left out"
        case .excluded(let tree, let count):
            "\(count) name\(count == 1 ? "" : "s") of '\(tree)' left out as excluded"
        case .accessControlListsDropped(let first, let count):
            """
            the access control lists of \(count) file\(count == 1 ? "" : "s") were left out \
            (first: '\(first)')
            """
        case .outputLeftOut(let place):
            "'\(place)' is the output itself and was left out"
        case .xattrLeftOut(let place, let name):
            """
            the attribute \(String(printable: name)) of '\(place)', and of what else has it, was \
            left out
            """
        case .followedLink(let path, let destination, let lower, let upper):
            """
            \(path) of \(upper) went to \(destination), where the symbolic link of \(lower) leads
            """
        case .replacedLink(let path, let target, let lower, let upper):
            """
            \(path) of \(upper) replaced the symbolic link of \(lower), which leads to no \
            directory of the image ('\(String(printable: target))')
            """
        case .replaced(let path, let kind, let lower, let upper):
            "\(path), \(kind) of \(lower), was replaced by that of \(upper)"
        case .nothingToDelete(let path, let layer):
            "\(layer) deletes \(path), which no layer below it has"
        case .twoFilesForOnePlace(let path, let winner, let layer):
            "\(layer) has two files for \(path); the one at \(winner) counts"
        case .archive(let note): note.description
        case .whiteouts(let note): note.description
        case .remark(let sentence): sentence
        }
    }
}

extension Note {
    /// Whether it is said to everybody: the image lacks something its trees hold, or holds what may
    /// not have been meant. What lies between layers is said to those who ask.
    public var isWarning: Bool {
        switch self {
        case .mountInside, .otherFileSystemLeftOut, .accessControlListsDropped, .outputLeftOut,
            .xattrLeftOut, .archive(.accessControlListsDropped):
            true
        default: false
        }
    }
}
