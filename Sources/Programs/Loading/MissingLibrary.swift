public import Trees

/// A file that a program needs and that is not where it would be looked for.
public struct MissingLibrary: Sendable, Hashable {
    /// As the file has it that needs it.
    public let name: Bytes
    public let neededBy: TreePath
    /// `DT_NEEDED`, `PT_INTERP`, `#!`.
    public let how: String
    /// Directories and lists that were looked at, in order.
    public let searched: [Bytes]
    /// Files of the name that were passed over: for other machines, or no libraries at all.
    public let rejected: [TreePath]

    init(
        name: Bytes, neededBy: TreePath, how: String, searched: [Bytes] = [],
        rejected: [TreePath] = []
    ) {
        self.name = name
        self.neededBy = neededBy
        self.how = how
        self.searched = searched
        self.rejected = rejected
    }
}

extension MissingLibrary: CustomStringConvertible {
    /// "libz.so.1, which /usr/bin/app needs (DT_NEEDED), is not in /lib, /usr/lib".
    public var description: String {
        let subject =
            "\(String(printable: name)), which \(neededBy) needs (\(how)), is "
        let places = searched.map { String(printable: $0) }
        let absence = places.isEmpty ? "not there" : "not in \(places.joined(separator: ", "))"
        guard !rejected.isEmpty else { return subject + absence }
        let others = rejected.map(\.description).joined(separator: ", ")
        return subject + absence + "; passed over, not for this machine: \(others)"
    }
}
