/// Where workers get work and leave results, and where the committing thread takes them up in the
/// order of the plan.
///
/// What is in flight is bounded by the buffers there are: a reading task starts only with one in
/// hand, and keeps it until its block was placed. Tasks start in order, so the one that everybody
/// waits for has its buffer already.
final class Exchange: Sendable {
    /// What threads wait for.
    enum Condition {
        static let work = 0
        static let results = 1
        static let count = 2
    }

    let monitor: Monitor<ExchangeState>

    init(_ plan: ContentPlan, workerCount: Int) {
        monitor = Monitor(
            ExchangeState(plan, workerCount: workerCount), conditionCount: Condition.count)
    }
}

/// The worker's side.
extension Exchange {
    /// Waits for something to do; nil when there will be nothing any more.
    func takeWork() -> Work? {
        monitor.wait(for: Condition.work) { $0.nextWork() }
    }

    func finish(read number: Int, _ result: Result<ReadOutcome, BlobError>) {
        monitor.withLock { $0.reads[number] = result }
        monitor.wakeOne(Condition.results)
    }

    func finish(pack number: Int, _ result: Result<PackedBlock, BlobError>) {
        monitor.withLock { $0.packed[number] = result }
        monitor.wakeOne(Condition.results)
    }

    func finish(_ stretch: Stretch, leaves: [UInt8]) {
        monitor.withLock { $0.sealing.finish(stretch, leaves: leaves) }
        monitor.wakeOne(Condition.results)
    }

    func giveBack(_ buffer: BlockBuffer) {
        monitor.withLock { $0.buffers.give(buffer) }
        monitor.wakeOne(Condition.work)
    }

    /// A buffer beyond those of the tasks, which every worker has one of.
    func takeWorkerBuffer() -> BlockBuffer {
        monitor.withLock { $0.buffers.takeBeyondLimit() }
    }

    /// Nothing can go on: the output cannot be written, or the worker cannot work.
    func fail(_ error: BlobError) {
        monitor.withLock { $0.failure = $0.failure ?? error }
        monitor.wakeOne(Condition.results)
    }
}

/// The committing thread's side.
extension Exchange {
    enum Event {
        case read(ReadOutcome)
        case packed(PackedBlock)
    }

    /// The next result in the order of the plan, or the fragment that is waited for, whichever
    /// there is; nil when everything was read. The first error in the order of the plan is the one
    /// thrown, whatever failed first.
    func next(awaiting fragment: Int?) throws(BlobError) -> Event? {
        try monitor.wait(for: Condition.results) { state throws(BlobError) -> Event?? in
            if let failure = state.failure { throw failure }
            if let fragment, let result = state.packed.removeValue(forKey: fragment) {
                return .packed(try result.get())
            }
            if let result = state.reads.removeValue(forKey: state.takenReads) {
                state.takenReads += 1
                return .read(try result.get())
            }
            return state.isEverythingRead ? .some(nil) : nil
        }
    }

    func packed(_ fragment: Int) throws(BlobError) -> PackedBlock {
        try monitor.wait(for: Condition.results) { state throws(BlobError) -> PackedBlock? in
            if let failure = state.failure { throw failure }
            return try state.packed.removeValue(forKey: fragment)?.get()
        }
    }

    func submit(_ fragment: Fragment) {
        monitor.withLock { $0.fragments.append(fragment) }
        monitor.wakeOne(Condition.work)
    }

    /// Waits until a stretch that was handed over is done with its buffer, if all are in use.
    func takeStretchBuffer() throws(BlobError) -> BlockBuffer {
        try monitor.wait(for: Condition.results) { state throws(BlobError) -> BlockBuffer? in
            if let failure = state.failure { throw failure }
            return state.sealing.buffers.take()
        }
    }

    func submit(_ stretch: Stretch) {
        monitor.withLock { $0.sealing.submit(stretch) }
        monitor.wakeOne(Condition.work)
    }

    /// Waits until every stretch is in the file. Returns the hashes of its blocks.
    func sealed() throws(BlobError) -> [UInt8] {
        try monitor.wait(for: Condition.results) { state throws(BlobError) -> [UInt8]? in
            if let failure = state.failure { throw failure }
            return state.sealing.takeLeaves()
        }
    }

    /// Sends the workers home, also from work that nobody needs any more.
    func close() {
        monitor.withLock { $0.isClosed = true }
        monitor.wakeAll(Condition.work)
    }
}
