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
        /// Nil: every block is made anew, and nothing recorded for the next blob. The bytes are the
        /// same either way.
        public var reuse: Reuse?
        /// Whether the hash tree stands behind the file system. Without it nothing is hashed.
        var isSealed = true
        /// How long the blob may become, in bytes; work on a longer one is given up early.
        public var limitByteCount: UInt64 = .max

        public init() {}
    }

    /// Writes a tree as squashfs, padded to a multiple of 4096 bytes and followed by its dm-verity
    /// hash tree.
    ///
    /// - Parameters:
    ///   - output: open for writing; what it holds is replaced. Not synced.
    ///   - offset: where in it the blob begins, in bytes; before it there will be a hole.
    ///   - progress: called on this thread after every file and every block.
    public static func write(
        _ tree: MergedTree, to output: FileDescriptor, at offset: UInt64 = 0,
        options: Options = Options(), progress: (BlobProgress) -> Void = { _ in }
    ) throws(BlobError) -> Blob {
        var notes = try checkLimits(of: tree, options)
        let known = try options.reuse.map { reuse throws(BlobError) in
            try KnownContents(reuse, options)
        }
        let hashSeed = known?.seed ?? .random(in: .min ... .max)
        var plan = ContentPlan(tree, blockSize: options.blockSize)
        try LargeCopies(tree, options, hashSeed: hashSeed, known).find(in: &plan)
        let blob = BlobContext(
            tree: tree, plan: plan, options: options, hashSeed: hashSeed, known: known,
            output: BlobOutput(
                output, start: offset, limitByteCount: options.limitByteCount),
            exchange: Exchange(plan, workerCount: options.workers))
        try blob.output.empty()
        let workers = try WorkerThreads(count: options.workers) { Worker.run(blob) }
        let result = Result { () throws(BlobError) in try writeBlob(blob, &notes, progress) }
        blob.exchange.close()
        workers.join()
        let written = try result.get()
        return Blob(
            kind: .squashfs, compression: options.compression.algorithm.rawValue,
            byteCount: written.byteCount, dataByteCount: written.dataByteCount,
            sha256: nil, verity: written.verity, notes: notes,
            reuse: written.records?.outcome(known),
            index: written.verity.flatMap { written.records?.index(blob, $0) })
    }

    private struct Written {
        /// With padding and hash tree.
        let byteCount: UInt64
        /// Of the file system alone.
        let dataByteCount: UInt64
        let records: BlobRecords?
        /// Nil where there is no hash tree.
        let verity: Verity?
    }

    /// The file system, padding and hash tree, while workers are there to do the work.
    private static func writeBlob(
        _ blob: BlobContext, _ notes: inout [BlobNote], _ progress: (BlobProgress) -> Void
    ) throws(BlobError) -> Written {
        let stream = BlobStream(blob)
        let file = OutputFile(stream)
        let compressor = try Compressor(
            blob.options.compression, blockSize: blob.options.blockSize)
        var superblock = try Superblock(blob.options, compressor, file)
        var commit = try Commit(blob, file)
        notes += try commit.run(file, progress)
        let records = commit.takeRecords()
        try MetadataTables(compressor, file).write(blob.tree, commit.finish(), &superblock, file)
        let dataByteCount = try superblock.finish(file)
        guard let leaves = try stream.finish() else {
            return Written(
                byteCount: stream.byteCount, dataByteCount: dataByteCount, records: records,
                verity: nil)
        }
        let sealed = try Verity.seal(blob.output, leaves: leaves)
        return Written(
            byteCount: sealed.byteCount, dataByteCount: dataByteCount, records: records,
            verity: sealed.verity)
    }
}
