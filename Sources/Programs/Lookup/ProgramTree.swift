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
    public func node(at path: TreePath) -> Node? { self[path] }
}

extension PathWalk {
    public init(_ path: Bytes, in tree: any ProgramTree) throws(TreeError) {
        try self.init(path) { place throws(TreeError) in try tree.node(at: place) }
    }
}
