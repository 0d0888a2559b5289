internal import Trees

/// Which contents are read, in which order and in which pieces: decided by lengths alone, before
/// any block is read. Reading follows the order of the tree.
///
/// A file is what stands at a position of the tree's nodes; the tree is asked for its length, for a
/// list of a million files would be longer than their contents in flight.
struct ContentPlan: Sendable {
    /// What a file has behind its last whole block. A file shorter than a block is all tail, be it
    /// empty.
    struct Tail: Sendable {
        let file: Int
        let byteCount: Int
        /// Whether another tail has the same length.
        let mayHaveTwin: Bool
    }

    /// What one worker reads at a time, into one buffer.
    enum Task: Sendable {
        case block(file: Int, index: Int)
        case tails([Tail])
    }

    /// Files are opened one by one; more than this many at a time keep one worker too long.
    private static let mostTailsAtOnce = 512

    let blockSize: Int
    private let tree: MergedTree
    private let tailLengths: LengthCensus
    /// Of all files, holes included.
    let contentByteCount: UInt64
    /// Files with whole blocks, in the order of the tree.
    let largeFiles: [(file: Int, byteCount: UInt64)]
    /// Files whose whole blocks are those of a file before them, and the first of those.
    private(set) var originals: [Int: Int] = [:]

    /// Where `next` has come.
    private var file = 0
    private var block = 0
    private var tails: [Tail] = []
    private var tailsByteCount = 0

    init(_ tree: MergedTree, blockSize: Int) {
        self.blockSize = blockSize
        self.tree = tree
        var tailLengths = LengthCensus(limit: blockSize)
        var contentByteCount: UInt64 = 0
        var largeFiles: [(file: Int, byteCount: UInt64)] = []
        for file in tree.nodes.indices {
            guard let byteCount = tree.contentByteCount(node: file) else { continue }
            tailLengths.add(Int(byteCount % UInt64(blockSize)))
            contentByteCount += byteCount
            if byteCount >= blockSize { largeFiles.append((file, byteCount)) }
        }
        self.largeFiles = largeFiles
        self.tailLengths = tailLengths
        self.contentByteCount = contentByteCount
    }

    mutating func declare(_ file: Int, copyOf original: Int) { originals[file] = original }

    /// The first file with the same whole blocks; itself where there is none.
    func original(of file: Int) -> Int { originals[file] ?? file }

    /// How many files have something behind their last whole block.
    var tailCount: Int { tailLengths.nonzeroCount }

    /// The next piece of work; nil when there is none left.
    mutating func next() -> Task? {
        while file < tree.nodes.count {
            if let byteCount = tree.contentByteCount(node: file) {
                if block < byteCount / UInt64(blockSize), originals[file] == nil {
                    block += 1
                    return .block(file: file, index: block - 1)
                }
                if !hasRoom(forTailOf: byteCount) { return takeTails() }
                addTail(of: byteCount)
            }
            file += 1
            block = 0
        }
        return tails.isEmpty ? nil : takeTails()
    }

    private func hasRoom(forTailOf byteCount: UInt64) -> Bool {
        tailsByteCount + Int(byteCount % UInt64(blockSize)) <= blockSize
            && tails.count < Self.mostTailsAtOnce
    }

    /// An empty file is looked at too: is it empty still, or one that has more than its size says?
    private mutating func addTail(of byteCount: UInt64) {
        let tail = Int(byteCount % UInt64(blockSize))
        if tail == 0, byteCount > 0 { return }
        tails.append(
            Tail(file: file, byteCount: tail, mayHaveTwin: tailLengths.isShared(tail)))
        tailsByteCount += tail
    }

    private mutating func takeTails() -> Task {
        defer {
            tails = []
            tailsByteCount = 0
        }
        return .tails(tails)
    }
}

/// Which lengths occur more than once.
private struct LengthCensus {
    /// 0, 1, or 2 for "more than one".
    private var counts: [UInt8]
    /// How many were not 0.
    private(set) var nonzeroCount = 0

    /// - Parameter limit: all lengths are below it.
    init(limit: Int) {
        counts = Array(repeating: 0, count: limit)
    }

    mutating func add(_ byteCount: Int) {
        counts[byteCount] = min(counts[byteCount] + 1, 2)
        if byteCount > 0 { nonzeroCount += 1 }
    }

    func isShared(_ byteCount: Int) -> Bool { counts[byteCount] > 1 }
}
