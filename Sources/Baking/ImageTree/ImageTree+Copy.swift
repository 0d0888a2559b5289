internal import BakeContract
public import SystemPackage
internal import Trees

extension ImageTree {
    /// Writes the content of a file of the image to something that is open, byte for byte. Links
    /// are followed, inside the tree.
    ///
    /// - Parameter scratch: a directory with room for the content; nothing is left in it.
    public func copyContent(
        of path: [UInt8], to output: FileDescriptor, scratch: FilePath
    ) throws(BakeError) {
        let tree = try tree()
        let (place, node) = try tree.place(of: meant(path, in: tree), image: name)
        guard case .regular = node.kind else {
            throw BakeError(
                .malformedInput, "'\(place)' in '\(name)' is \(node.kind.noun), not a file",
                hint: node.isDirectory ? "bake ls \(name) \(place)" : nil)
        }
        let index = tree.entries.first { $0.path == place }?.nodeIndex
        let names = Set(tree.entries.filter { $0.nodeIndex == index }.map(\.path))
        let layer = try layer(scratch: scratch) { names.contains($0) }
        guard case .regular(let content)? = layer[place]?.kind else {
            throw BakeError(.failed, "'\(name)' changed while it was read")
        }
        do throws(TreeError) {
            try Self.copy(try ContentReader(content), to: output)
        } catch {
            throw BakeError(error)
        }
    }

    private static func copy(
        _ reader: consuming ContentReader, to output: FileDescriptor
    ) throws(TreeError) {
        var reader = reader
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)
        defer { buffer.deallocate() }
        while true {
            let count = try reader.read(into: buffer)
            if count == 0 { return }
            do {
                _ = try output.writeAll(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            } catch {
                // A closed pipe has nobody left to tell.
                return
            }
        }
    }
}
