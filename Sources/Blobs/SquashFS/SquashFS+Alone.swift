internal import Crypto
public import SystemPackage
public import Trees

extension SquashFS {
    /// Writes a tree as squashfs, padded to a multiple of 4096 bytes, and nothing behind it: what
    /// other programs mount and read. It is the beginning of what `write` makes of the tree.
    ///
    /// - Parameters:
    ///   - output: open for reading and writing; what it holds is replaced. Not synced.
    ///   - options: nothing is reused, whatever they say.
    ///   - isDigested: also tell the file's SHA-256. The file is read once more for it.
    ///   - progress: called on this thread after every file and every block.
    public static func writeAlone(
        _ tree: MergedTree, to output: FileDescriptor, options: Options = Options(),
        isDigested: Bool = false, progress: (BlobProgress) -> Void = { _ in }
    ) throws(BlobError) -> Blob {
        var options = options
        options.isSealed = false
        options.reuse = nil
        var blob = try write(tree, to: output, options: options, progress: progress)
        if isDigested { blob.sha256 = try output.sha256(byteCount: blob.byteCount) }
        return blob
    }
}

extension FileDescriptor {
    /// Of what was written, which is read back: a squashfs begins with its superblock, which is
    /// known last.
    fileprivate func sha256(byteCount: UInt64) throws(BlobError) -> [UInt8] {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 4096)
        defer { buffer.deallocate() }
        var digest = SHA256()
        var offset: UInt64 = 0
        while offset < byteCount {
            let piece = buffer[..<Int(min(UInt64(buffer.count), byteCount - offset))]
            let count: Int
            do {
                count = try read(
                    fromAbsoluteOffset: Int64(offset),
                    into: UnsafeMutableRawBufferPointer(rebasing: piece))
            } catch {
                throw .output(.read, (error as? Errno) ?? .ioError)
            }
            guard count > 0 else { throw .output(.read, .ioError) }
            digest.update(bufferPointer: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            offset += UInt64(count)
        }
        return Array(digest.finalize())
    }
}
