public import SystemPackage
public import Trees

extension SquashFS {
    /// Reads a squashfs 4.0 file system back as a layer, whoever wrote it.
    ///
    /// Hard links, holes, extended attributes and names of any bytes come out as they went in. What
    /// the file says is checked before it is believed: a hostile one is refused with a message.
    ///
    /// - Parameters:
    ///   - file: open for reading; its position does not matter and stays.
    ///   - offset: of the file system's first byte, in bytes.
    ///   - byteCount: how far it may reach from there, in bytes.
    ///   - name: the input as the user wrote it, for messages and as the layer's name.
    ///   - scratch: a directory with room for the contents; nil when none are wanted.
    ///   - isWanted: whether the content of the regular file at a path is to be read. Others have a
    ///     length, but no content. A file with several names is read when one of them is wanted.
    public static func read(
        _ file: FileDescriptor, at offset: UInt64 = 0, byteCount: UInt64, name: String,
        scratch: FilePath?, wanting isWanted: (TreePath) -> Bool = { _ in true }
    ) throws(SquashFSReadError) -> Layer {
        let source = SourceRange(
            descriptor: file.rawValue, start: offset, byteCount: byteCount, name: name)
        let superblock = try SuperblockFacts(source)
        var walk = try TreeWalk(source, superblock)
        try walk.run { scratch != nil && isWanted($0) }
        if let scratch, !walk.wanted.isEmpty {
            var unpacking = try ContentUnpacking(source, superblock, files: walk.wanted)
            for (nodeIndex, content) in try unpacking.run(into: scratch) {
                walk.setContent(content, of: nodeIndex)
            }
        }
        return Layer(name: name, nodes: walk.nodes, entries: walk.entries)
    }
}
