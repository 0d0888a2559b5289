internal import Glibc

/// Makes fragments of the tails of files, in the order of the tree: equal tails once, and each
/// fragment as full as the next tail allows.
///
/// A batch of tails was cut by the lengths alone, so it fills a block as it is. Only where copies
/// left gaps is something moved.
struct FragmentPacker {
    private let blockSize: Int
    private var table: TailTable
    /// The last batch, which the next one may be joined with.
    private var open: TailBatch?
    private var closedCount = 0

    init(blockSize: Int, _ table: TailTable) {
        self.blockSize = blockSize
        self.table = table
    }

    /// When there will be no more tails.
    mutating func takeHashes() -> TailHashes { table.takeHashes() }

    /// - Returns: the fragment that cannot grow any more, and a buffer that is not needed any more.
    mutating func add(
        _ batch: TailBatch, _ locations: inout ContentLocations
    ) -> (closed: Fragment?, emptied: BlockBuffer?) {
        var batch = batch
        let copies = dropCopies(from: &batch)
        // Their owners, some of which stand in this batch, have their places in the end.
        defer { for (file, owner) in copies { locations.shareTail(of: owner, with: file) } }
        fillOpen(from: &batch, &locations)
        if batch.members.isEmpty { return (nil, batch.buffer) }
        let closed = takeOpen()
        locate(batch.members, behind: 0, &locations)
        open = batch
        return (closed, nil)
    }

    /// Moves what fits from the start of the batch to the end of the one before it.
    private mutating func fillOpen(
        from batch: inout TailBatch, _ locations: inout ContentLocations
    ) {
        guard var previous = open.take() else { return }
        var byteCount = 0
        let moved = batch.members.prefix { member in
            let fits = previous.byteCount + byteCount + member.byteCount <= blockSize
            if fits { byteCount += member.byteCount }
            return fits
        }
        locate(moved, behind: previous.byteCount, &locations)
        let end = previous.start + previous.byteCount
        UnsafeMutableRawBufferPointer(rebasing: previous.buffer.bytes[end...])
            .copyMemory(from: batch.buffer.piece(at: batch.start, byteCount))
        previous.byteCount += byteCount
        previous.members += moved
        if !moved.isEmpty, !batch.isRead { previous.isRead = false }
        batch.members.removeFirst(moved.count)
        batch.start += byteCount
        batch.byteCount -= byteCount
        open = previous
    }

    /// The last fragment.
    mutating func takeOpen() -> Fragment? {
        guard let batch = open.take() else { return nil }
        defer { closedCount += 1 }
        return Fragment(
            number: closedCount, buffer: batch.buffer, start: batch.start,
            byteCount: batch.byteCount, members: batch.members, isRead: batch.isRead)
    }

    /// Leaves the tails that nobody had before, without gaps between them.
    ///
    /// - Returns: the others, and who had them.
    private mutating func dropCopies(
        from batch: inout TailBatch
    ) -> [(file: Int, owner: Int)] {
        var copies: [(file: Int, owner: Int)] = []
        var kept: ArraySlice<TailBatch.Member> = []
        kept.reserveCapacity(batch.members.count)
        var source = 0
        var target = 0
        for member in batch.members {
            if let owner = table.add(member) {
                copies.append((member.file, owner))
            } else {
                if source > target {
                    memmove(
                        batch.buffer.bytes.baseAddress! + target,
                        batch.buffer.bytes.baseAddress! + source, member.byteCount)
                }
                target += member.byteCount
                kept.append(member)
            }
            source += member.byteCount
        }
        batch.members = kept
        batch.byteCount = target
        return copies
    }

    private func locate(
        _ members: ArraySlice<TailBatch.Member>, behind start: Int,
        _ locations: inout ContentLocations
    ) {
        var offset = start
        for member in members {
            locations.setTail(of: member.file, fragment: closedCount, offset: offset)
            offset += member.byteCount
        }
    }
}
