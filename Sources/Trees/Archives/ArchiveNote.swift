/// What the user should know about an archive that was read whole.
public enum ArchiveNote: Sendable, Hashable {
    /// Names began with `/`; the members are in the tree all the same.
    case leadingSlashes(archive: String, first: Bytes, count: Int)
    /// Paths with several members: the last counts, as if the archive had been unpacked.
    case repeatedMembers(archive: String, first: TreePath, count: Int)
    case accessControlListsDropped(archive: String, first: TreePath, count: Int)
    /// GNU tar's volume label, which is no file.
    case volumeLabel(archive: String, label: Bytes)
}

extension ArchiveNote: CustomStringConvertible {
    public var description: String {
        switch self {
        case .leadingSlashes(let archive, let first, let count):
            """
            '\(archive)' has \(Self.members(count)) with an absolute name, the first \
            '\(String(printable: first))'; the leading '/' was removed
            """
        case .repeatedMembers(let archive, let first, let count):
            """
            '\(archive)' has \(Self.members(count)) that a later one of the same name replaces, \
            the first \(first)
            """
        case .accessControlListsDropped(let archive, let first, let count):
            """
            the access control lists of \(Self.members(count)) of '\(archive)' were dropped, the \
            first \(first)
            """
        case .volumeLabel(let archive, let label):
            "'\(archive)' has the volume label '\(String(printable: label))', which is no file"
        }
    }

    private static func members(_ count: Int) -> String {
        count == 1 ? "1 member" : "\(count) members"
    }
}
