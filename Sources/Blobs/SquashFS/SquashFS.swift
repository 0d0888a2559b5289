public import SystemPackage
public import Trees

/// Merged trees as squashfs 4.0 file systems.
public enum SquashFS {
    public struct Options: Sendable {
        public var compression = Compression.standard
        /// A power of two from 4096 to 1048576, in bytes.
        public var blockSize = 256 * 1024
        /// The file system's own time, seconds since 1970: SOURCE_DATE_EPOCH, else 0.
        public var timeSeconds: UInt32 = 0
        /// Threads that compress; nil: one for every processor that is online. The bytes are the
        /// same for every count.
        public var workerCount: Int?

        public init() {}
    }

    /// Writes a tree as squashfs, padded to a multiple of 4096 bytes and followed by its dm-verity
    /// hash tree.
    ///
    /// - Parameters:
    ///   - output: open for reading and writing; what it holds is replaced. Not synced.
    ///   - progress: called on this thread after every file and every block.
    public static func write(
        _ tree: MergedTree, to output: FileDescriptor, options: Options = Options(),
        progress: (BlobProgress) -> Void = { _ in }
    ) throws(BlobError) -> Blob {
        var notes = try checkLimits(of: tree, options)
        let dataByteCount = try writeFileSystem(tree, to: output, options, &notes, progress)
        let sealed = try Verity.append(to: output, workerCount: options.workers)
        return Blob(
            kind: .squashfs, compression: options.compression.algorithm.rawValue,
            byteCount: sealed.byteCount, dataByteCount: dataByteCount, sha256: sealed.sha256,
            verity: sealed.verity, notes: notes)
    }

    /// The file system alone, without padding. Returns its length in bytes.
    private static func writeFileSystem(
        _ tree: MergedTree, to output: FileDescriptor, _ options: Options,
        _ notes: inout [BlobNote], _ progress: (BlobProgress) -> Void
    ) throws(BlobError) -> UInt64 {
        let file = try OutputFile(output)
        let compressor = try Compressor(options.compression, blockSize: options.blockSize, file)
        var superblock = try Superblock(options, compressor, file)
        let contents = try ContentArea(tree, options, compressor, file)
        notes += try contents.write(tree, file, progress)
        try MetadataTables(compressor, file).write(tree, contents, &superblock, file)
        return try superblock.finish(file)
    }
}
