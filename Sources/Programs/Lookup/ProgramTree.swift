public import Trees

/// Where programs are looked for: a directory tree of this machine, or a merged tree.
public protocol ProgramTree {
    /// What stands at a path, not following links; nil when nothing does.
    func node(at path: TreePath) throws(TreeError) -> Node?
    /// The names in a directory, sorted; none when it is no directory.
    func names(in directory: TreePath) throws(TreeError) -> [Bytes]
}

extension HostLookup: ProgramTree {}

extension MergedTree: ProgramTree {
    public func node(at path: TreePath) -> Node? {
        let position = lowerBound(of: path)
        guard position < entries.count, entries[position].path == path else { return nil }
        return node(of: entries[position])
    }

    /// Follows a path as a program in the guest would.
    public func resolve(_ path: Bytes) -> PathWalk.End { PathWalk(path, lookingUp: node(at:)).end }

    public func names(in directory: TreePath) -> [Bytes] {
        var names: [Bytes] = []
        var position = lowerBound(of: directory) + 1
        while position < entries.count, entries[position].path.isBelow(directory) {
            let path = entries[position].path
            if path.parent == directory { names.append(path.name) }
            position += 1
        }
        return names
    }

    private func lowerBound(of path: TreePath) -> Int {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].path < path { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

extension TreePath {
    func isBelow(_ directory: TreePath) -> Bool {
        if directory.isRoot { return !isRoot }
        return bytes.count > directory.bytes.count && bytes.starts(with: directory.bytes)
            && bytes[directory.bytes.count] == UInt8(ascii: "/")
    }
}
