/// What the threads of one blob share.
struct ExchangeState: ~Copyable {
    private var plan: ContentPlan
    /// Nil when there is nothing left to be read.
    private var nextTask: ContentPlan.Task?
    private var startedReads = 0
    /// How many results of `reads` the committing thread has taken up.
    var takenReads = 0
    /// By their positions in the plan.
    var reads: [Int: Result<ReadOutcome, BlobError>] = [:]
    var buffers: BufferPool

    /// To be packed, and what they came to by their positions in the fragment table.
    var fragments: [Fragment] = []
    var packed: [Int: Result<PackedBlock, BlobError>] = [:]

    /// What the committing thread sleeps for.
    var awaited: Awaited?
    private let workerCount: Int

    var sealing: SealingState
    /// That of no file in particular.
    var failure: BlobError?
    var isClosed = false

    init(_ plan: ContentPlan, workerCount: Int) {
        self.plan = plan
        self.workerCount = workerCount
        nextTask = self.plan.next()
        // Room for a block that starts anywhere in the first half (FragmentPacker), and enough that
        // nobody waits for a neighbour whose block takes longer.
        buffers = BufferPool(byteCount: 2 * plan.blockSize, limit: 4 * workerCount + 4)
        sealing = SealingState(bufferCount: workerCount + 3)
    }

    /// Waking a thread costs about as much as reading a small file, so the committing thread is
    /// woken for a few results at once, or when a worker can do nothing before it has taken them.
    ///
    /// - Parameter isWorkLeft: whether whoever asks goes on working.
    func wakesCommit(isWorkLeft: Bool) -> Bool {
        guard let awaited else { return false }
        if failure != nil { return true }
        switch awaited {
        case .result(let fragment):
            let isNext = reads[takenReads] != nil || fragment.map { packed[$0] != nil } == true
            return isNext && (!isWorkLeft || reads.count + packed.count >= workerCount)
        case .fragment(let number): return packed[number] != nil
        case .stretchBuffer: return sealing.buffers.isAnyFree
        case .leaves: return sealing.isFinished
        }
    }

    var isEverythingRead: Bool { nextTask == nil && takenReads == startedReads }

    /// What others wait for comes first: it frees buffers. Nil when there is nothing to do, and
    /// nil inside when there will be nothing any more.
    mutating func nextWork() -> Work?? {
        if isClosed { return .some(nil) }
        if let stretch = sealing.queue.takeFirst() { return .seal(stretch) }
        if let fragment = fragments.takeFirst() { return .pack(fragment) }
        return nextRead().map { .some($0) }
    }

    private mutating func nextRead() -> Work? {
        guard let task = nextTask, let buffer = buffers.take() else { return nil }
        nextTask = plan.next()
        defer { startedReads += 1 }
        return .read(startedReads, task, buffer)
    }
}

/// What the committing thread cannot go on without.
enum Awaited {
    /// The next one of the plan, or the fragment of this number.
    case result(fragment: Int?)
    case fragment(Int)
    case stretchBuffer
    case leaves
}

/// Stretches of the blob on their way into the file.
struct SealingState: ~Copyable {
    var queue: [Stretch] = []
    var buffers: BufferPool
    private var unfinished = 0
    /// The hash of each block of the blob.
    private var leaves: [UInt8] = []

    init(bufferCount: Int) {
        // Those of 1 GiB. Memory nobody touches costs nothing; growing holds everything twice.
        leaves.reserveCapacity(8 << 20)
        buffers = BufferPool(byteCount: Stretch.byteCount, limit: bufferCount)
    }

    mutating func submit(_ stretch: Stretch) {
        unfinished += 1
        queue.append(stretch)
    }

    mutating func finish(_ stretch: Stretch, leaves found: [UInt8]) {
        unfinished -= 1
        buffers.give(stretch.buffer)
        if found.isEmpty { return }
        let start = Int(stretch.offset) / Verity.blockSize * HashTree.hashByteCount
        if leaves.count < start + found.count {
            leaves += [UInt8](repeating: 0, count: start + found.count - leaves.count)
        }
        leaves.replaceSubrange(start..<(start + found.count), with: found)
    }

    /// Whether no stretch is under way.
    var isFinished: Bool { unfinished == 0 }

    /// Nil while a stretch is under way.
    mutating func takeLeaves() -> [UInt8]? {
        guard isFinished else { return nil }
        defer { leaves = [] }
        return leaves
    }
}

extension Array {
    fileprivate mutating func takeFirst() -> Element? { isEmpty ? nil : removeFirst() }
}
