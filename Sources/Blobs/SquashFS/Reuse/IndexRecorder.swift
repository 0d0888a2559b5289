internal import Trees

/// Writes down what a blob is made of, while it is made.
struct IndexRecorder {
    private var blocks: [UInt8] = []
    private var positions: [UInt32] = []
    /// Of each file of the plan: where its blocks begin in `positions`.
    private var firstPositions: [UInt32]
    private var tailHashes: [ContentHash]
    private var blockCount = 0
    private var firstBlockOffset: UInt64 = 0
    private(set) var outcome = Reuse.Outcome()

    init(fileCount: Int) {
        firstPositions = Array(repeating: 0, count: fileCount)
        tailHashes = Array(repeating: ContentHash(low: 0, high: 0), count: fileCount)
    }

    /// The blocks of one file come without others between them.
    mutating func begin(_ file: Int) { firstPositions[file] = UInt32(positions.count) }

    mutating func appendZeros() { positions.append(BlobIndex.zeros) }

    /// A block of a file, or of tails.
    mutating func append(_ block: PackedBlock, at offset: UInt64, isFragment: Bool = false) {
        guard let origin = block.origin else { preconditionFailure("every block was hashed") }
        if blockCount == 0 { firstBlockOffset = offset }
        if !isFragment { positions.append(UInt32(blockCount)) }
        blocks.append(origin.hash)
        blocks.append(number: origin.checksum)
        blocks.append(number: block.sizeWord)
        blockCount += 1
        if origin.baseOffset != nil {
            outcome.blockCount += 1
            outcome.byteCount += UInt64(block.byteCount)
        }
    }

    mutating func append(_ batch: TailBatch) {
        for member in batch.members { tailHashes[member.file] = member.hash! }
    }
}

/// What was recorded of a blob that is complete.
struct BlobRecords {
    let recorder: IndexRecorder
    /// By their positions in the plan.
    let changedFiles: Set<Int>

    func outcome(_ known: KnownContents?) -> Reuse.Outcome {
        var outcome = recorder.outcome
        outcome.damagedBlockCount = known?.base?.damagedCount ?? 0
        outcome.isOtherwiseCompressed = known?.isOtherwiseCompressed ?? false
        return outcome
    }

    func index(_ blob: BlobContext, _ verity: Verity) -> BlobIndex? {
        guard let known = blob.known else { return nil }
        return recorder.index(
            of: settledFiles(blob, known.startSeconds), blob, rootHash: verity.rootHash,
            compressor: known.compressor, seed: known.seed)
    }

    /// Files that can be told by their looks, in the order of the index. (Not the looks themselves:
    /// of a million files they are long.)
    private func settledFiles(_ blob: BlobContext, _ startSeconds: Int64) -> [SettledFile] {
        var settled: [SettledFile] = []
        settled.reserveCapacity(blob.plan.files.count)
        for file in blob.plan.files.indices where !changedFiles.contains(file) {
            guard let look = blob.look(of: file), look.isSettled(before: startSeconds) else {
                continue
            }
            settled.append(
                SettledFile(device: look.device, inode: look.inode, file: Int32(file)))
        }
        settled.sort { ($0.device, $0.inode) < ($1.device, $1.inode) }
        return settled
    }
}

private struct SettledFile {
    let device: UInt64
    let inode: UInt64
    /// Its position in the plan.
    let file: Int32
}

extension BlobContext {
    /// Nil for what is no file of this machine.
    fileprivate func look(of file: Int) -> FileLook? {
        guard case .file(let host) = content(of: file) else { return nil }
        return FileLook(host)
    }
}

extension IndexRecorder {
    fileprivate func index(
        of settled: [SettledFile], _ blob: BlobContext, rootHash: [UInt8],
        compressor: ContentHash, seed: UInt64
    ) -> BlobIndex {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(
            BlobIndex.headByteCount + blocks.count + positions.count * BlobIndex.positionByteCount
                + settled.count * BlobIndex.fileByteCount + ContentHash.byteCount)
        bytes.append(number: BlobIndex.magic)
        bytes += rootHash
        bytes.append(compressor)
        bytes.append(number: seed)
        bytes.append(number: firstBlockOffset)
        bytes.append(number: UInt64(blockCount))
        bytes.append(number: UInt64(positions.count))
        bytes.append(number: UInt64(settled.count))
        bytes += blocks
        for position in positions { bytes.append(number: position) }
        for file in settled.lazy.map({ Int($0.file) }) {
            guard let look = blob.look(of: file) else { preconditionFailure("it was there") }
            look.append(to: &bytes)
            bytes.append(tailHashes[file])
            bytes.append(number: UInt64(firstPositions[Int(blob.plan.files[file].original)]))
        }
        bytes.append(BlobIndex.digest(of: bytes[...]))
        guard let index = BlobIndex(bytes, rootHash: rootHash) else {
            preconditionFailure("what was written can be read")
        }
        return index
    }
}
