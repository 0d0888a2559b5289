public import SystemPackage
internal import Trees

/// What a blob was made of, to be written down for the next one (`BlobIndex`). Holds the tree: the
/// rows of an index are longer than what they are made from, and are only made as they are written.
public struct BlobIndexDraft: Sendable {
    private let tree: MergedTree
    private let originals: [Int: Int]
    private let records: BlobRecords
    private let compressor: ContentHash
    private let seed: UInt64
    private let startSeconds: Int64
    private let rootHash: [UInt8]

    init(_ records: BlobRecords, _ blob: BlobContext, _ known: KnownContents, _ verity: Verity) {
        tree = blob.tree
        originals = blob.plan.originals
        self.records = records
        (compressor, seed, startSeconds) = (known.compressor, known.seed, known.startSeconds)
        rootHash = verity.rootHash
    }

    /// Writes the index from the start of a file on.
    ///
    /// - Parameters:
    ///   - file: open for writing, empty; stays the caller's. Not synced.
    ///   - limitByteCount: how long it may become. Throws `BlobError.tooLong` before it is
    ///     written, and `BlobError.output` when it cannot be.
    public func write(
        to file: FileDescriptor, limitByteCount: Int = .max
    ) throws(BlobError) {
        let settled = SettledFiles(tree, before: startSeconds, without: records.changedFiles)
        let recorder = records.recorder
        let byteCount = BlobIndex.byteCount(
            blockCount: recorder.blockCount, positionCount: recorder.positions.count,
            fileCount: settled.count)
        guard byteCount <= limitByteCount else {
            throw .tooLong(limitByteCount: UInt64(limitByteCount))
        }
        var output = IndexOutput(file)
        try output.append { bytes in
            bytes.append(number: BlobIndex.magic)
            bytes += rootHash
            bytes.append(compressor)
            bytes.append(number: seed)
            bytes.append(number: recorder.firstBlockOffset)
            bytes.append(number: UInt64(recorder.blockCount))
            bytes.append(number: UInt64(recorder.positions.count))
            bytes.append(number: UInt64(settled.count))
        }
        try output.append { $0 += recorder.blocks }
        for position in recorder.positions {
            try output.append { $0.append(number: position) }
        }
        try settled.forEach { file, look throws(BlobError) in
            let run = records.runs.run(of: originals[file] ?? file)
            try output.append { bytes in
                look.append(to: &bytes)
                bytes.append(records.tailHashes[file])
                bytes.append(number: UInt64(run?.firstBlock ?? 0))
            }
        }
        try output.finish()
    }
}

extension BlobIndexDraft: Equatable {
    /// Trees are not compared: the root hash says what they hold.
    public static func == (draft: BlobIndexDraft, other: BlobIndexDraft) -> Bool {
        draft.rootHash == other.rootHash && draft.seed == other.seed
            && draft.startSeconds == other.startSeconds && draft.records == other.records
    }
}

/// Files that can be told by their looks, in the order of the index. (Not the looks themselves: of
/// a million files they are long.)
private struct SettledFiles {
    private let tree: MergedTree
    /// Positions in the tree, for each device.
    private var files: [UInt64: [UInt32]] = [:]

    /// - Parameters:
    ///   - time: when the reading began, seconds since 1970.
    ///   - changed: files to leave out, by their positions in the tree.
    init(_ tree: MergedTree, before time: Int64, without changed: Set<Int>) {
        self.tree = tree
        var inodes = [UInt64](repeating: 0, count: tree.nodes.count)
        for position in tree.nodes.indices {
            guard let look = tree.look(node: position), look.isSettled(before: time),
                !changed.contains(position)
            else { continue }
            inodes[position] = look.identity.inode
            files[look.identity.device, default: []].append(UInt32(position))
        }
        for device in files.keys.sorted() {
            files[device]!.sort { (inodes[Int($0)], $0) < (inodes[Int($1)], $1) }
        }
    }

    var count: Int { files.values.reduce(0) { $0 + $1.count } }

    func forEach(_ body: (Int, FileLook) throws(BlobError) -> Void) throws(BlobError) {
        for device in files.keys.sorted() {
            for position in files[device]!.lazy.map(Int.init) {
                guard let look = tree.look(node: position) else {
                    preconditionFailure("it was there")
                }
                try body(position, look)
            }
        }
    }
}
