// Single facts of nodes, without making the nodes.
extension MergedTree {
    /// - Parameter index: position in `nodes`.
    public func outline(node index: Int) -> NodeOutline { nodes.laid.outline(nodes.id(at: index)) }

    /// - Parameter index: position in `nodes`.
    public func isDirectory(node index: Int) -> Bool {
        nodes.laid.isDirectory(nodes.id(at: index))
    }

    /// Length of a regular file's content in bytes, holes included; nil for everything else.
    ///
    /// - Parameter index: position in `nodes`.
    public func contentByteCount(node index: Int) -> UInt64? {
        nodes.laid.contentByteCount(nodes.id(at: index))
    }

    /// How a regular file of this machine looked when it was scanned; nil for everything else.
    ///
    /// - Parameter index: position in `nodes`.
    public func look(node index: Int) -> HostFile.Look? { nodes.laid.look(nodes.id(at: index)) }
}
