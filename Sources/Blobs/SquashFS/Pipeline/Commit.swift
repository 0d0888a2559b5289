internal import CSquashFS
internal import Trees

/// The contents of all regular files, put into the file in the order of the plan: what came first
/// in the tree stands first, whichever worker was done first.
struct Commit: ~Copyable {
    private var locations: ContentLocations
    private let fragments: LibraryObject
    private let blob: BlobContext
    private var packer: FragmentPacker
    private var waiting = CommitQueue()
    private var progress: BlobProgress
    private var notes: [Int: BlobNote] = [:]
    private var recorder: IndexRecorder?

    init(_ blob: BlobContext, _ file: borrowing OutputFile) throws(BlobError) {
        self.blob = blob
        fragments = try file.created(sqfs_frag_table_create(0), "sqfs_frag_table_create")
        let nodeCount = blob.tree.nodes.count
        locations = ContentLocations(nodeCount: nodeCount)
        recorder = blob.known.map { _ in IndexRecorder() }
        packer = FragmentPacker(
            blockSize: blob.options.blockSize,
            TailTable(nodeCount: nodeCount, tailCount: blob.plan.tailCount))
        progress = BlobProgress(
            inodeCount: nodeCount, byteCount: blob.plan.contentByteCount)
    }

    /// - Returns: which files changed while they were read and were allowed to.
    mutating func run(
        _ file: borrowing OutputFile, _ report: (BlobProgress) -> Void
    ) throws(BlobError) -> [BlobNote] {
        while let event = try blob.exchange.next(awaiting: waiting.awaitedFragment) {
            switch event {
            case .read(let outcome): take(outcome, report)
            case .packed(let block): waiting.fragmentArrived(block)
            }
            try placeReady(file)
        }
        if let last = packer.takeOpen() { pack(last) }
        while let fragment = waiting.awaitedFragment {
            waiting.fragmentArrived(try blob.exchange.packed(fragment))
            try placeReady(file)
        }
        blob.exchange.endContents()
        reportEnd(report)
        return notesByFile()
    }

    /// What was recorded, and the files that changed while they were read.
    mutating func takeRecords() -> BlobRecords? {
        let tailHashes = packer.takeHashes()
        return recorder.take().map {
            BlobRecords(
                recorder: $0, tailHashes: tailHashes, runs: locations.runs,
                changedFiles: Set(notes.keys))
        }
    }

    consuming func finish() -> Contents {
        Contents(plan: blob.plan, locations: locations, fragments: fragments)
    }

    // MARK: What was read

    private mutating func take(_ outcome: ReadOutcome, _ report: (BlobProgress) -> Void) {
        for (file, note) in outcome.notes { notes[file] = note }
        switch outcome.contents {
        case .block(let file, let index, let block):
            waiting.append(.block(file: file, index: index, block))
            advance(to: file, by: blob.options.blockSize)
        case .tails(let batch):
            let byteCount = batch.byteCount
            let last = batch.members.last?.file ?? 0
            let added = packer.add(batch, &locations)
            if let buffer = added.emptied { blob.exchange.giveBack(buffer) }
            if let fragment = added.closed { pack(fragment) }
            advance(to: last, by: byteCount)
        }
        report(progress)
    }

    private mutating func pack(_ fragment: Fragment) {
        waiting.append(.fragment(number: fragment.number, nil))
        blob.exchange.submit(fragment)
    }

    // MARK: Placing

    private mutating func placeReady(_ file: borrowing OutputFile) throws(BlobError) {
        while let item = waiting.takeReady() {
            switch item {
            case .block(let owner, let index, let block):
                if index == 0 { locations.begin(owner, at: file.byteCount) }
                locations.append(block?.sizeWord ?? 0)
                if let block {
                    recorder?.append(block, at: file.byteCount)
                    _ = try place(block, file)
                } else {
                    recorder?.appendZeros()
                }
            case .fragment(_, let block):
                recorder?.append(block!, at: file.byteCount, isFragment: true)
                let offset = try place(block!, file)
                var number: UInt32 = 0
                try file.check(
                    sqfs_frag_table_append(fragments.opaque, offset, block!.sizeWord, &number),
                    "sqfs_frag_table_append")
            }
        }
    }

    private func place(
        _ block: PackedBlock, _ file: borrowing OutputFile
    ) throws(BlobError) -> UInt64 {
        let offset = try file.append(block.bytes, baseOffset: block.origin?.baseOffset)
        blob.exchange.giveBack(block.buffer)
        return offset
    }

    // MARK: Telling

    private mutating func advance(to file: Int, by byteCount: Int) {
        progress.inodesDone = max(progress.inodesDone, file)
        progress.bytesDone += UInt64(byteCount)
    }

    private mutating func reportEnd(_ report: (BlobProgress) -> Void) {
        progress.inodesDone = progress.inodeCount
        progress.bytesDone = progress.byteCount
        report(progress)
    }

    /// A copy shares what its original became.
    private func notesByFile() -> [BlobNote] {
        var said = notes
        for (copy, original) in blob.plan.originals where notes[copy] == nil {
            said[copy] = notes[original]?.said(of: blob.content(of: copy))
        }
        return said.sorted { $0.key < $1.key }.map(\.value)
    }
}

extension BlobNote {
    fileprivate func said(of content: Node.Content) -> BlobNote {
        guard case .changed(_, let change) = self, case .file(let file) = content else {
            return self
        }
        return .changed(file.place, change)
    }
}
