internal import Glibc
public import SystemPackage
public import Trees

/// Merged trees as newc archives, which the kernel unpacks into its first root file system before
/// it starts /init there.
///
/// Format: Documentation/driver-api/early-userspace/buffer-format.rst. Who unpacks it: init/initramfs.c
/// of the kernel; GNU cpio, bsdcpio.
public enum Newc {
    public struct Options: Sendable {
        public var compression: StreamCompression
        /// Threads that compress; nil: one for every processor that is online. The bytes are the
        /// same for every count.
        public var workerCount: Int?
        /// Leave extended attributes out, with a note, instead of refusing them.
        public var dropsXattrs = false

        public init(_ compression: StreamCompression) {
            self.compression = compression
        }

        var workers: Int { max(1, workerCount ?? Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }
    }

    /// Writes a tree as a compressed archive. Nothing stands behind the compressed stream, so that
    /// other archives can. The bytes depend on the tree, the compression and the version of its
    /// library alone.
    ///
    /// - Parameters:
    ///   - output: open for writing; what it holds is replaced. Not synced.
    ///   - progress: called after every inode and every piece of contents.
    public static func write(
        _ tree: MergedTree, to output: FileDescriptor, options: Options,
        progress: (BlobProgress) -> Void = { _ in }
    ) throws(BlobError) -> Blob {
        var notes = try checkLimits(of: tree, options)
        let names = NodeNames(tree)
        let memberByteCount = memberByteCount(of: tree, names)
        let end = endOfArchive(behind: memberByteCount)
        var stream = try CompressedStream(
            to: BlobOutput(output), compression: options.compression, workerCount: options.workers,
            expectedByteCount: memberByteCount + UInt64(end.count))
        notes += try writeMembers(of: tree, names, to: &stream, progress)
        try stream.append(end)
        let written = try stream.finish(paddedTo: 1)
        return Blob(
            kind: .newc, compression: options.compression.algorithm.rawValue,
            byteCount: written.byteCount, dataByteCount: written.dataByteCount,
            sha256: written.sha256, verity: nil, notes: notes)
    }

    // MARK: Details

    private static func writeMembers(
        of tree: MergedTree, _ names: NodeNames, to stream: inout CompressedStream,
        _ progress: (BlobProgress) -> Void
    ) throws(BlobError) -> [BlobNote] {
        var notes: [BlobNote] = []
        var done = BlobProgress(
            inodeCount: tree.nodes.count, byteCount: tree.counts.contentByteCount)
        try forEachMember(of: tree, names) { (path, node, header, isLastName) throws(BlobError) in
            try stream.append(header.encoded)
            switch node.kind {
            case .symlink(let target):
                try stream.append(target)
            case .regular(let content) where isLastName:
                let note = try stream.append(content) { count in
                    done.bytesDone += UInt64(count)
                    progress(done)
                }
                if let note { notes.append(note) }
            default: break
            }
            try stream.append(padding(behind: header.contentByteCount))
            guard isLastName else { return }
            done.inodesDone += 1
            progress(done)
        }
        return notes
    }

    /// In the order of the tree: a directory before what stands in it, since the kernel makes none
    /// that is missing.
    ///
    /// The contents of a file with several names stand with the last of them: GNU cpio, which makes
    /// the format, writes them there and looks for them there; the kernel takes them anywhere. The
    /// target of a symbolic link stands with every name: the kernel makes a link of each.
    private static func forEachMember<Failure: Error>(
        of tree: MergedTree, _ names: NodeNames,
        _ body: (TreePath, Node, NewcHeader, _ isLastName: Bool) throws(Failure) -> Void
    ) throws(Failure) {
        var namesLeft = names.counts
        for entry in tree.entries {
            let node = tree.node(of: entry)
            namesLeft[entry.nodeIndex]? -= 1
            let isLastName = namesLeft[entry.nodeIndex] ?? 0 == 0
            let header = NewcHeader(
                entry.path, node, inode: names.inode(of: entry.nodeIndex),
                linkCount: UInt32(names.count(of: entry.nodeIndex)),
                contentByteCount: contentByteCount(of: node, isLastName: isLastName))
            try body(entry.path, node, header, isLastName)
        }
    }

    private static func contentByteCount(of node: Node, isLastName: Bool) -> UInt32 {
        switch node.kind {
        case .symlink(let target): UInt32(target.count)
        case .regular(let content) where isLastName: UInt32(content.byteCount)
        default: 0
        }
    }

    private static func padding(behind contentByteCount: UInt32) -> Bytes {
        let count = UInt64(contentByteCount)
        return Bytes(repeating: 0, count: Int(NewcHeader.padded(count) - count))
    }

    /// The trailer, and zeros to a multiple of 512 bytes: cpio reads blocks of so many.
    private static func endOfArchive(behind memberByteCount: UInt64) -> Bytes {
        let trailer = NewcHeader.trailer.encoded
        let blockByteCount: UInt64 = 512
        let surplus = (memberByteCount + UInt64(trailer.count)) % blockByteCount
        let padding = (blockByteCount - surplus) % blockByteCount
        return trailer + Bytes(repeating: 0, count: Int(padding))
    }

    /// Length in bytes of the archive without its end.
    private static func memberByteCount(of tree: MergedTree, _ names: NodeNames) -> UInt64 {
        var byteCount: UInt64 = 0
        forEachMember(of: tree, names) { _, _, header, _ in
            byteCount += UInt64(NewcHeader.byteCount(nameByteCount: header.name.count))
            byteCount += NewcHeader.padded(UInt64(header.contentByteCount))
        }
        return byteCount
    }
}
