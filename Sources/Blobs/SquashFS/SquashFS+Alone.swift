internal import Crypto
public import SystemPackage
public import Trees

extension SquashFS {
    /// Writes a tree as squashfs, padded to a multiple of 4096 bytes, and nothing behind it: what
    /// other programs mount and read. It is the beginning of what `write` makes of the tree.
    ///
    /// - Parameters:
    ///   - output: open for reading and writing; what it holds is replaced. Not synced.
    ///   - progress: called on this thread after every file and every block.
    public static func writeAlone(
        _ tree: MergedTree, to output: FileDescriptor, options: Options = Options(),
        progress: (BlobProgress) -> Void = { _ in }
    ) throws(BlobError) -> Blob {
        var blob = try write(tree, to: output, options: options, progress: progress)
        let file = BlobOutput(output)
        blob.byteCount = blob.verity!.dataBlockCount * UInt64(Verity.blockSize)
        blob.verity = nil
        try file.cut(toByteCount: blob.byteCount)
        blob.sha256 = try file.sha256(byteCount: blob.byteCount)
        return blob
    }
}

extension BlobOutput {
    /// Of what was written, which is read back: a squashfs begins with its superblock, which is
    /// known last.
    fileprivate func sha256(byteCount: UInt64) throws(BlobError) -> [UInt8] {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 4096)
        defer { buffer.deallocate() }
        var digest = SHA256()
        var offset: UInt64 = 0
        while offset < byteCount {
            let piece = UnsafeMutableRawBufferPointer(
                rebasing: buffer[..<Int(min(UInt64(buffer.count), byteCount - offset))])
            try read(into: piece, at: offset)
            digest.update(bufferPointer: UnsafeRawBufferPointer(piece))
            offset += UInt64(piece.count)
        }
        return Array(digest.finalize())
    }
}
