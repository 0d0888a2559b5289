// Single facts of nodes, for those who ask many nodes for one.
extension MergedTree {
    /// - Parameter index: position in `nodes`.
    public func isDirectory(node index: Int) -> Bool { nodes[index].isDirectory }

    /// Length of a regular file's content in bytes, holes included; nil for everything else.
    ///
    /// - Parameter index: position in `nodes`.
    public func contentByteCount(node index: Int) -> UInt64? {
        guard case .regular(let content) = nodes[index].kind else { return nil }
        return content.byteCount
    }
}
