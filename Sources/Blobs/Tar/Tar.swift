internal import Glibc
public import SystemPackage
public import Trees

/// Merged trees as compressed POSIX pax archives: the blob that PID 1 unpacks into memory.
///
/// Format: docs/image-format.md, *Blob*. Unpacked by bake-init, GNU tar and bsdtar.
public enum Tar {
    public struct Options: Sendable {
        /// Any but `lz4Legacy`, which has no checksum.
        public var compression = StreamCompression.fastest
        /// Threads that compress; nil: one for every processor that is online. The bytes are the
        /// same for every count.
        public var workerCount: Int?
        /// How long the blob may become, in bytes; work on a longer one is given up early.
        public var limitByteCount: UInt64 = .max
        /// With zeros to a multiple of 4096 bytes, as the blob of an image has to be. A file of its
        /// own has none: programs take what stands behind a compressed stream for damage.
        public var isPadded = true

        public init() {}
    }

    /// Writes a tree as a compressed archive. The bytes depend on the tree, the compression and the
    /// version of its library alone.
    ///
    /// - Parameters:
    ///   - output: open for writing; what it holds from `start` on is replaced. Not synced.
    ///   - start: where the archive begins in the file, in bytes.
    ///   - progress: called after every inode and every piece of contents.
    public static func write(
        _ tree: MergedTree, to output: FileDescriptor, at start: UInt64 = 0,
        options: Options = Options(), progress: (BlobProgress) -> Void = { _ in }
    ) throws(BlobError) -> Blob {
        try checkLimits(of: tree)
        var stream = try CompressedStream(
            to: BlobOutput(output, start: start, limitByteCount: options.limitByteCount),
            compression: options.compression,
            workerCount: options.workers,
            expectedByteCount: archiveByteCount(of: tree))
        let notes = try writeEntries(of: tree, to: &stream, progress)
        try stream.append(TarHeader.endOfArchive)
        let written = try stream.finish(paddedTo: options.isPadded ? 4096 : 1)
        return Blob(
            kind: .tar, compression: options.compression.algorithm.rawValue,
            byteCount: written.byteCount, dataByteCount: written.dataByteCount,
            sha256: written.sha256, verity: nil, notes: notes)
    }

    /// Length of the archive before compression.
    static func archiveByteCount(of tree: MergedTree) -> UInt64 {
        var byteCount = UInt64(TarHeader.endOfArchive.count)
        forEachMember(of: tree) { path, node, firstName in
            byteCount += UInt64(TarHeader.encode(path, node, linkTo: firstName).count)
            if firstName == nil { byteCount += TarHeader.padded(node.byteCount) }
        }
        return byteCount
    }

    /// What the unpacked tree takes of a tmpfs, in bytes: whole pages of contents, and a kibibyte
    /// of kernel memory for each inode and each name.
    public static func unpackedByteCount(of tree: MergedTree) -> UInt64 {
        let page: UInt64 = 4096
        var byteCount = UInt64(tree.entries.count) * 1024
        for index in tree.nodes.indices {
            let contentByteCount = tree.contentByteCount(node: index) ?? 0
            byteCount += (contentByteCount + page - 1) / page * page
        }
        return byteCount
    }
}

extension Tar {
    private static func writeEntries(
        of tree: MergedTree, to stream: inout CompressedStream, _ progress: (BlobProgress) -> Void
    ) throws(BlobError) -> [BlobNote] {
        var notes: [BlobNote] = []
        var done = BlobProgress(
            inodeCount: tree.nodes.count, byteCount: tree.counts.contentByteCount)
        try forEachMember(of: tree) { (path, node, firstName) throws(BlobError) in
            try stream.append(TarHeader.encode(path, node, linkTo: firstName))
            guard firstName == nil else { return }
            if case .regular(let content) = node.kind {
                let note = try stream.append(content) { count in
                    done.bytesDone += UInt64(count)
                    progress(done)
                }
                if let note { notes.append(note) }
            }
            try stream.append(TarHeader.padding(behind: node.byteCount))
            done.inodesDone += 1
            progress(done)
        }
        return notes
    }

    /// In the order of the tree; `firstName` is where a hard link's node was written, nil for the
    /// node's first name.
    private static func forEachMember<Failure: Error>(
        of tree: MergedTree, _ body: (TreePath, Node, TreePath?) throws(Failure) -> Void
    ) throws(Failure) {
        let nameCounts = tree.nameCounts
        var firstNames: [Int: TreePath] = [:]
        for entry in tree.entries {
            let firstName = firstNames.isEmpty ? nil : firstNames[entry.nodeIndex]
            try body(entry.path, tree.node(of: entry), firstName)
            if firstName == nil, !nameCounts.isEmpty, nameCounts[entry.nodeIndex] != nil {
                firstNames[entry.nodeIndex] = entry.path
            }
        }
    }

    /// What the format cannot hold, or the guest's file system, before a byte is written.
    private static func checkLimits(of tree: MergedTree) throws(BlobError) {
        for entry in tree.entries {
            let path = entry.path
            let nameByteCount = path.name.count
            guard nameByteCount <= 255 else {
                throw .nameTooLong(path, byteCount: nameByteCount, limit: 255)
            }
            switch tree.node(of: entry).kind {
            case .socket:
                throw .socket(path)
            case .symlink(let target):
                guard (1...4095).contains(target.count) else {
                    throw .linkTargetLength(path, byteCount: target.count, limit: 4095)
                }
            case .characterDevice(let device), .blockDevice(let device):
                guard device.major <= 4095, device.minor <= 1_048_575 else {
                    throw .deviceNumber(path, device)
                }
            case .directory, .regular, .fifo: break
            }
        }
    }
}

extension Tar.Options {
    fileprivate var workers: Int {
        max(1, workerCount ?? Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
    }
}
