/// Writes down which blocks a blob is made of, while it is made.
struct IndexRecorder: Sendable, Equatable {
    /// As the index has them.
    private(set) var blocks: [UInt8] = []
    private(set) var positions: [UInt32] = []
    private(set) var blockCount = 0
    private(set) var firstBlockOffset: UInt64 = 0
    private(set) var outcome = Reuse.Outcome()

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
}

/// What was recorded of a blob that is complete; files by their positions in the tree.
struct BlobRecords: Sendable, Equatable {
    let recorder: IndexRecorder
    let tailHashes: TailHashes
    /// Their first blocks are positions in the recorder's `positions` too.
    let runs: BlockRuns
    let changedFiles: Set<Int>

    func outcome(_ known: KnownContents?) -> Reuse.Outcome {
        var outcome = recorder.outcome
        outcome.damagedBlockCount = known?.base?.damagedCount ?? 0
        outcome.isOtherwiseCompressed = known?.isOtherwiseCompressed ?? false
        return outcome
    }

    func index(_ blob: BlobContext, _ verity: Verity) -> BlobIndexDraft? {
        blob.known.map { BlobIndexDraft(self, blob, $0, verity) }
    }
}
