internal import CSquashFS
internal import Dispatch
internal import Glibc
internal import Synchronization
internal import Trees

/// Blocks that are unpacked together, each into a slot of its own, on all processors.
///
/// Filled and emptied by one thread; while it unpacks, each worker has slots nobody else has.
final class BlockBatch: @unchecked Sendable {
    private struct Request {
        let block: StoredBlock
        /// How many bytes somebody takes out of it.
        var neededByteCount: Int
        /// Of the first who asked, for messages.
        let path: TreePath
    }

    private let source: SourceRange
    private let blockSize: Int
    private let slotCount: Int
    private let arena: UnsafeMutableRawBufferPointer
    private let workers: [BlockUnpacker]
    private var requests: [Request] = []
    private var slots: [StoredBlock: Int] = [:]

    /// What a batch unpacks to, in bytes, about.
    private static let batchByteCount = 16 << 20

    init(_ source: SourceRange, _ superblock: SuperblockFacts) throws(SquashFSReadError) {
        self.source = source
        blockSize = superblock.blockSize
        slotCount = Self.batchByteCount / blockSize
        let workerCount = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
        var workers: [BlockUnpacker] = []
        for _ in 0..<workerCount { workers.append(try BlockUnpacker(source, superblock)) }
        self.workers = workers
        arena = .allocate(byteCount: slotCount * blockSize, alignment: 4096)
    }

    deinit {
        arena.deallocate()
    }

    var isFull: Bool { requests.count == slotCount }

    /// The slot that will hold the block; the same for everyone who asks.
    func slot(for block: StoredBlock, needing byteCount: Int, path: TreePath) -> Int {
        if let slot = slots[block] {
            requests[slot].neededByteCount = max(requests[slot].neededByteCount, byteCount)
            return slot
        }
        requests.append(Request(block: block, neededByteCount: byteCount, path: path))
        slots[block] = requests.count - 1
        return requests.count - 1
    }

    subscript(slot: Int) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(
            rebasing: arena[(slot * blockSize)..<((slot + 1) * blockSize)])
    }

    func clear() {
        requests.removeAll(keepingCapacity: true)
        slots.removeAll(keepingCapacity: true)
    }

    /// Fills the slots of everything that was asked for. Of several failures the first counts.
    func unpack() throws(SquashFSReadError) {
        let next = Atomic(0)
        let failure = Mutex<(slot: Int, error: SquashFSReadError)?>(nil)
        DispatchQueue.concurrentPerform(iterations: min(workers.count, requests.count)) { worker in
            while true {
                let slot = next.wrappingAdd(1, ordering: .relaxed).oldValue
                if slot >= requests.count { return }
                do throws(SquashFSReadError) {
                    try unpack(slot, by: workers[worker])
                } catch {
                    failure.withLock { known in
                        if known.map({ slot < $0.slot }) ?? true { known = (slot, error) }
                    }
                }
            }
        }
        if let failure = failure.withLock({ $0 }) { throw failure.error }
    }

    private func unpack(_ slot: Int, by worker: BlockUnpacker) throws(SquashFSReadError) {
        let request = requests[slot]
        let count = try worker.unpack(request.block, into: self[slot], source)
        guard count >= request.neededByteCount else {
            throw source.damaged(.content(request.path))
        }
    }
}

/// One worker's compressor and buffer.
private final class BlockUnpacker {
    private let unpacker: Unpacker
    private let input: UnsafeMutableRawBufferPointer

    init(_ source: SourceRange, _ superblock: SuperblockFacts) throws(SquashFSReadError) {
        unpacker = try superblock.unpacker(source)
        input = .allocate(byteCount: superblock.blockSize, alignment: 4096)
    }

    deinit {
        input.deallocate()
    }

    /// How many bytes came out; 0 for a block that does not unpack.
    func unpack(
        _ block: StoredBlock, into slot: UnsafeMutableRawBufferPointer, _ source: SourceRange
    ) throws(SquashFSReadError) -> Int {
        guard block.isCompressed else {
            try source.read(
                into: UnsafeMutableRawBufferPointer(rebasing: slot[..<block.byteCount]),
                at: block.location)
            return block.byteCount
        }
        try source.read(
            into: UnsafeMutableRawBufferPointer(rebasing: input[..<block.byteCount]),
            at: block.location)
        let compressor = unpacker.pointer
        let count = compressor.pointee.do_block(
            compressor, input.baseAddress!.assumingMemoryBound(to: UInt8.self),
            UInt32(block.byteCount), slot.baseAddress!.assumingMemoryBound(to: UInt8.self),
            UInt32(slot.count))
        return max(0, Int(count))
    }
}
