internal import Trees

/// What files have behind their last whole block, read one after the other: most files are nothing
/// else, so a tree of many files spends its time here.
struct TailReader: ~Copyable {
    private var reader = SmallContentReader()

    /// - Parameter buffer: has room for at least one byte more.
    /// - Returns: what happened to a file that need not be the one that was scanned.
    mutating func read(
        _ byteCount: Int, of content: Node.Content, into buffer: UnsafeMutableRawBufferPointer
    ) throws(BlobError) -> BlobNote? {
        do throws(TreeError) {
            let change = try reader.read(
                content, from: content.byteCount - UInt64(byteCount), into: buffer)
            guard let change, case .file(let file) = content else { return nil }
            return .changed(file.place, change)
        } catch {
            throw .tree(error)
        }
    }
}
