internal import Trees

extension CompressedStream {
    /// Appends the content of a regular file, read right into the memory it is compressed from.
    ///
    /// - Parameter progress: told how many bytes came along, piece by piece.
    /// - Returns: what happened to the file meanwhile, where it was allowed to change.
    mutating func append(
        _ content: Node.Content, _ progress: (Int) -> Void
    ) throws(BlobError) -> BlobNote? {
        var source = try SourceReader(content)
        var left = content.byteCount
        while left > 0 {
            let count = try fill { (space) throws(BlobError) in
                let wanted = Int(min(UInt64(space.count), left))
                return try source.next(
                    into: UnsafeMutableRawBufferPointer(rebasing: space[..<wanted]))
            }
            left -= UInt64(count)
            progress(count)
        }
        return try source.finish()
    }
}
