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
        monitor.wait(for: Condition.work) { state -> Work?? in
            if let work = state.nextWork() { return work }
            if state.wakesCommit(isWorkLeft: false) { monitor.wakeOne(Condition.results) }
            return nil
        }
    }

    func finish(read number: Int, _ result: Result<ReadOutcome, BlobError>) {
        report { $0.reads[number] = result }
    }

    func finish(pack number: Int, _ result: Result<PackedBlock, BlobError>) {
        report { $0.packed[number] = result }
    }

    func finish(_ stretch: Stretch, leaves: [UInt8]) {
        report { $0.sealing.finish(stretch, leaves: leaves) }
    }

    /// Nothing can go on: the output cannot be written, or the worker cannot work.
    func fail(_ error: BlobError) {
        report { $0.failure = $0.failure ?? error }
    }

    private func report(_ change: (inout ExchangeState) -> Void) {
        let wakes = monitor.withLock { state in
            change(&state)
            return state.wakesCommit(isWorkLeft: true)
        }
        if wakes { monitor.wakeOne(Condition.results) }
    }

    func giveBack(_ buffer: BlockBuffer) {
        monitor.withLock { $0.buffers.give(buffer) }
        monitor.wakeOne(Condition.work)
    }

    /// A buffer beyond those of the tasks, which every worker has one of.
    func takeWorkerBuffer() -> BlockBuffer {
        monitor.withLock { $0.buffers.takeBeyondLimit() }
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
        try wait(for: .result(fragment: fragment)) { state throws(BlobError) -> Event?? in
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
        try wait(for: .fragment(fragment)) { state throws(BlobError) -> PackedBlock? in
            try state.packed.removeValue(forKey: fragment)?.get()
        }
    }

    func submit(_ fragment: Fragment) {
        monitor.withLock { $0.fragments.append(fragment) }
        monitor.wakeOne(Condition.work)
    }

    /// Frees the buffers of blocks, all of which were placed.
    func endContents() {
        monitor.withLock { $0.buffers.dropSpare() }
    }

    /// Waits until a stretch that was handed over is done with its buffer, if all are in use.
    func takeStretchBuffer() throws(BlobError) -> BlockBuffer {
        try wait(for: .stretchBuffer) { $0.sealing.buffers.take() }
    }

    func submit(_ stretch: Stretch) {
        monitor.withLock { $0.sealing.submit(stretch) }
        monitor.wakeOne(Condition.work)
    }

    /// Waits until every stretch is in the file. Returns the hashes of its blocks.
    func sealed() throws(BlobError) -> [UInt8] {
        try wait(for: .leaves) { $0.sealing.takeLeaves() }
    }

    private func wait<Value>(
        for awaited: Awaited, _ answer: (inout ExchangeState) throws(BlobError) -> Value?
    ) throws(BlobError) -> Value {
        try monitor.wait(for: Condition.results) { state throws(BlobError) -> Value? in
            if let failure = state.failure { throw failure }
            let value = try answer(&state)
            state.awaited = value == nil ? awaited : nil
            return value
        }
    }

    /// Sends the workers home, also from work that nobody needs any more.
    func close() {
        monitor.withLock { $0.isClosed = true }
        monitor.wakeAll(Condition.work)
    }
}
