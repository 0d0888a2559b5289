/// Blocks between the thread that fills them, those that pack them and the one that writes them.
///
/// Each block has its slot, by its number, from the first byte put into it until it is in the file.
/// So nobody waits for memory with work in hand, and what is in flight is bounded.
final class BlockRing: Sendable {
    private enum Condition {
        static let free = 0
        static let full = 1
        static let packed = 2
        static let count = 3
    }

    fileprivate struct Slot {
        /// The history, then the contents.
        let contents: BlockBuffer
        let packed: BlockBuffer
        var byteCount = 0
        var historyByteCount = 0
        /// Nil until the block has been packed.
        var result: PackedStreamBlock?
    }

    private struct State: ~Copyable {
        var contentBuffers: BufferPool
        var packedBuffers: BufferPool
        var slots: [Slot] = []
        /// Of blocks, from the first.
        var submittedCount = 0
        var startedCount = 0
        var writtenCount = 0
        var lastNumber: Int?
        var failure: BlobError?
        var isClosed = false
    }

    /// A packed block, with what it was made from.
    struct Packed: Sendable {
        fileprivate let slot: Slot
        let result: PackedStreamBlock
        let historyLimit: Int

        var contents: UnsafeRawBufferPointer {
            UnsafeRawBufferPointer(
                rebasing: slot.contents.bytes[historyLimit..<(historyLimit + slot.byteCount)])
        }
        var bytes: UnsafeRawBufferPointer { slot.packed.piece(result.byteCount) }
    }

    private let monitor: Monitor<State>
    private let historyLimit: Int
    private let blockByteCount: Int
    private let slotCount: Int

    init(_ format: any BlockFormat, workerCount: Int) {
        historyLimit = format.historyByteCount
        blockByteCount = format.blockByteCount
        // One is being filled, one written, and one waits, so that nobody else does.
        slotCount = workerCount + 3
        monitor = Monitor(
            State(
                contentBuffers: BufferPool(
                    byteCount: format.historyByteCount + format.blockByteCount, limit: slotCount),
                packedBuffers: BufferPool(byteCount: format.packedByteCountLimit, limit: slotCount)
            ), conditionCount: Condition.count)
    }

    /// Nothing can go on.
    func fail(_ error: BlobError) {
        monitor.withLock { $0.failure = $0.failure ?? error }
        for condition in 0..<Condition.count { monitor.wakeAll(condition) }
    }

    /// Sends all threads home, also from work that nobody needs any more.
    func close() {
        monitor.withLock { $0.isClosed = true }
        for condition in 0..<Condition.count { monitor.wakeAll(condition) }
    }

    func check() throws(BlobError) {
        if let failure = monitor.withLock({ $0.failure }) { throw failure }
    }
}

/// The filling thread's side.
extension BlockRing {
    /// Waits until a block is written, if all slots are in use.
    func takeBlock() throws(BlobError) -> UnsafeMutableRawBufferPointer {
        let slot = try monitor.wait(for: Condition.free) { state throws(BlobError) -> Slot? in
            if let failure = state.failure { throw failure }
            let number = state.submittedCount
            guard number - state.writtenCount < self.slotCount else { return nil }
            if state.slots.count < self.slotCount, state.slots.count == number {
                state.slots.append(
                    Slot(
                        contents: state.contentBuffers.take()!,
                        packed: state.packedBuffers.take()!))
            }
            return state.slots[number % self.slotCount]
        }
        return UnsafeMutableRawBufferPointer(
            rebasing: slot.contents.bytes[historyLimit...])
    }

    func submit(_ byteCount: Int, isLast: Bool) {
        monitor.withLock { state in
            let number = state.submittedCount
            let index = number % slotCount
            state.slots[index].byteCount = byteCount
            state.slots[index].result = nil
            state.slots[index].historyByteCount = number == 0 ? 0 : historyLimit
            if number > 0, historyLimit > 0 {
                copyHistory(
                    from: state.slots[(number - 1) % slotCount], to: state.slots[index])
            }
            state.submittedCount += 1
            if isLast { state.lastNumber = number }
        }
        if isLast { monitor.wakeAll(Condition.full) } else { monitor.wakeOne(Condition.full) }
    }

    /// All blocks but the last are whole, and longer than the history. The block before may have
    /// been written already, but nobody has had its memory since.
    private func copyHistory(from previous: Slot, to slot: Slot) {
        let end = historyLimit + previous.byteCount
        UnsafeMutableRawBufferPointer(rebasing: slot.contents.bytes[..<historyLimit]).copyMemory(
            from: UnsafeRawBufferPointer(
                rebasing: previous.contents.bytes[(end - historyLimit)..<end]))
    }
}

/// The packing threads' side.
extension BlockRing {
    struct Work {
        let number: Int
        let block: StreamBlock
        let space: UnsafeMutableRawBufferPointer
    }

    /// Waits for a block; nil when there will be none any more.
    func takeWork() -> Work? {
        monitor.wait(for: Condition.full) { state -> Work?? in
            if state.isClosed || state.failure != nil { return .some(nil) }
            guard state.startedCount < state.submittedCount else {
                return state.lastNumber == nil ? nil : .some(nil)
            }
            defer { state.startedCount += 1 }
            return work(ofBlock: state.startedCount, in: state)
        }
    }

    private func work(ofBlock number: Int, in state: borrowing State) -> Work {
        let slot = state.slots[number % slotCount]
        let bytes = UnsafeRawBufferPointer(slot.contents.bytes)
        return Work(
            number: number,
            block: StreamBlock(
                history: UnsafeRawBufferPointer(
                    rebasing: bytes[(historyLimit - slot.historyByteCount)..<historyLimit]),
                contents: UnsafeRawBufferPointer(
                    rebasing: bytes[historyLimit..<(historyLimit + slot.byteCount)]),
                isLast: state.lastNumber == number),
            space: slot.packed.bytes)
    }

    func finish(_ number: Int, _ result: PackedStreamBlock) {
        monitor.withLock { $0.slots[number % slotCount].result = result }
        monitor.wakeOne(Condition.packed)
    }
}

/// The writing thread's side.
extension BlockRing {
    /// Waits for the next block, in order; nil behind the last, and when nothing can go on.
    func takePacked() -> Packed? {
        let historyLimit = historyLimit
        return monitor.wait(for: Condition.packed) { state -> Packed?? in
            if state.isClosed || state.failure != nil { return .some(nil) }
            let number = state.writtenCount
            if let last = state.lastNumber, number > last { return .some(nil) }
            guard number < state.submittedCount else { return nil }
            let slot = state.slots[number % self.slotCount]
            guard let result = slot.result else { return nil }
            return Packed(slot: slot, result: result, historyLimit: historyLimit)
        }
    }

    /// The block that was taken is in the file.
    func giveBack() {
        monitor.withLock { $0.writtenCount += 1 }
        monitor.wakeOne(Condition.free)
    }
}
