internal import Trees

/// Where the tails of files stand in fragments, in four bytes each: tails are placed in the order of
/// the tree, so the fragment follows from the first file of each.
struct TailPlaces {
    private enum Word {
        static let none = UInt32.max
        /// With a position in `owners`; without it, where the tail begins, in bytes.
        static let copy: UInt32 = 1 << 31
    }

    /// By position in the tree. Empty until there is one.
    private var words: [UInt32] = []
    private let nodeCount: Int
    /// The first file of each fragment.
    private var firstFiles: [UInt32] = []
    /// Of tails that are copies, the file that has the same one.
    private var owners: [UInt32] = []

    /// - Parameter nodeCount: how many nodes the tree has.
    init(nodeCount: Int) {
        self.nodeCount = nodeCount
    }

    /// - Precondition: behind all files that were placed before, and in the last fragment or the
    ///   one behind it.
    mutating func place(_ file: Int, fragment: Int, offset: Int) {
        if fragment == firstFiles.count { firstFiles.append(UInt32(file)) }
        set(file, UInt32(offset))
    }

    mutating func share(_ owner: Int, with file: Int) {
        set(file, Word.copy | UInt32(owners.count))
        owners.append(UInt32(owner))
    }

    private mutating func set(_ file: Int, _ word: UInt32) {
        if words.isEmpty { words = Array(repeating: Word.none, count: nodeCount) }
        words[file] = word
    }

    /// Fragment and offset in it, in bytes, unpacked; `ContentLocations.none` for a file without.
    subscript(file: Int) -> (fragment: UInt32, offset: UInt32) {
        guard !words.isEmpty, words[file] != Word.none else {
            return (ContentLocations.none, ContentLocations.none)
        }
        if words[file] & Word.copy != 0 { return self[Int(owners[Int(words[file] & ~Word.copy)])] }
        return (UInt32(firstFiles.partitioningIndex { $0 > file } - 1), words[file])
    }
}
