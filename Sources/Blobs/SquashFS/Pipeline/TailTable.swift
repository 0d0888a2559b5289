/// Tails by what they hold, and what they hold by file.
///
/// A million files have a million tails: hashes are kept once, and the table that finds them refers
/// to them by file.
struct TailTable {
    /// By position in the tree; zeros for what has no tail. Empty until there is one.
    private var hashes: [ContentHash] = []
    /// Linear probing, never more than half full: 1 + the first file with a tail; 0 is free.
    private var slots: [UInt32] = []
    private let nodeCount: Int
    private let slotCount: Int

    /// - Parameters:
    ///   - nodeCount: how many nodes the tree has.
    ///   - tailCount: how many of them have a tail.
    init(nodeCount: Int, tailCount: Int) {
        self.nodeCount = nodeCount
        slotCount = 2 * tailCount + 1
    }

    /// - Returns: who had this tail before; from now on this file, where nobody had.
    mutating func add(_ member: TailBatch.Member) -> Int? {
        guard let hash = member.hash else { return nil }
        if hashes.isEmpty { hashes = Array(repeating: .zero, count: nodeCount) }
        hashes[member.file] = hash
        return member.mayHaveTwin ? ownerOrSelf(hash, member.file) : nil
    }

    /// The length is part of what is hashed (XXH3).
    private mutating func ownerOrSelf(_ hash: ContentHash, _ file: Int) -> Int? {
        if slots.isEmpty { slots = Array(repeating: 0, count: slotCount) }
        // The high half of the product: as even as the hash, without a division.
        var slot = Int(hash.low.multipliedFullWidth(by: UInt64(slotCount)).high)
        while slots[slot] != 0 {
            let owner = Int(slots[slot]) - 1
            if hashes[owner] == hash { return owner }
            slot = slot + 1 == slotCount ? 0 : slot + 1
        }
        slots[slot] = UInt32(file) + 1
        return nil
    }

    /// Leaves nothing: when there will be no more tails.
    mutating func takeHashes() -> TailHashes {
        defer { (hashes, slots) = ([], []) }
        return TailHashes(hashes: hashes)
    }
}

/// The hash of the tail of each file.
struct TailHashes: Sendable, Equatable {
    fileprivate let hashes: [ContentHash]

    /// Zeros for a file that has none.
    subscript(file: Int) -> ContentHash { hashes.isEmpty ? .zero : hashes[file] }
}
