internal import Trees

/// Where the contents of files stand in the file system; files by their positions in the tree.
struct ContentLocations {
    /// "No fragment".
    static let none: UInt32 = 0xffff_ffff

    /// The whole blocks of a file.
    struct Blocks {
        /// Where the first one stands, from the start of the file system, in bytes.
        var start: UInt64 = 0
        /// Of each, as inodes have it; 0: all zeros.
        var sizes: ArraySlice<UInt32> = []
    }

    private(set) var tails: TailPlaces
    /// Of the blocks of all files, one file behind the other.
    private var blockSizes: [UInt32] = []
    private(set) var runs = BlockRuns()

    /// - Parameter nodeCount: how many nodes the tree has.
    init(nodeCount: Int) {
        tails = TailPlaces(nodeCount: nodeCount)
    }

    /// - Parameters:
    ///   - file: no copy of another one.
    ///   - count: how many it has.
    func blocks(of file: Int, count: Int) -> Blocks {
        guard count > 0, let run = runs.run(of: file) else { return Blocks() }
        return Blocks(start: run.start, sizes: blockSizes[run.firstBlock..<run.firstBlock + count])
    }

    /// The blocks of one file come without others between them, and files in the order of the tree.
    mutating func begin(_ file: Int, at offset: UInt64) {
        runs.append(.init(file: file, firstBlock: blockSizes.count, start: offset))
    }

    mutating func append(_ blockSize: UInt32) { blockSizes.append(blockSize) }

    mutating func setTail(of file: Int, fragment: Int, offset: Int) {
        tails.place(file, fragment: fragment, offset: offset)
    }

    mutating func shareTail(of owner: Int, with file: Int) { tails.share(owner, with: file) }
}

/// Where the whole blocks of files begin: of those that have any, which are few.
struct BlockRuns: Sendable, Equatable {
    struct Run: Sendable, Equatable {
        let file: Int
        /// Position of its first block among those of all files.
        let firstBlock: Int
        /// Where that stands, from the start of the file system, in bytes.
        let start: UInt64
    }

    /// By file.
    private var runs: [Run] = []

    /// - Precondition: of a file behind all others.
    mutating func append(_ run: Run) { runs.append(run) }

    /// Nil for a file without a block of its own.
    func run(of file: Int) -> Run? {
        let position = runs.partitioningIndex { $0.file >= file }
        return position < runs.count && runs[position].file == file ? runs[position] : nil
    }
}
