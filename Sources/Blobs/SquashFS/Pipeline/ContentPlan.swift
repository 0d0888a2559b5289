internal import Trees

/// Which contents are read, in which order and in which pieces: decided by lengths alone, before
/// any block is read. Reading follows the order of the tree.
struct ContentPlan: Sendable {
    struct File: Sendable {
        let nodeIndex: Int32
        /// The first file with the same whole blocks; itself where there is none.
        var original: Int32
        let byteCount: UInt64
    }

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
    private(set) var files: [File] = []
    private let tailLengths: LengthCensus

    /// Where `next` has come.
    private var file = 0
    private var block = 0
    private var tails: [Tail] = []
    private var tailsByteCount = 0

    init(_ tree: MergedTree, blockSize: Int) {
        self.blockSize = blockSize
        var tailLengths = LengthCensus(limit: blockSize)
        for (index, node) in tree.nodes.enumerated() {
            guard case .regular(let content) = node.kind else { continue }
            let byteCount = content.byteCount
            files.append(
                File(nodeIndex: Int32(index), original: Int32(files.count), byteCount: byteCount))
            tailLengths.add(Int(byteCount % UInt64(blockSize)))
        }
        self.tailLengths = tailLengths
    }

    mutating func declare(_ file: Int, copyOf original: Int) {
        files[file].original = Int32(original)
    }

    func blockCount(of file: Int) -> Int { Int(files[file].byteCount / UInt64(blockSize)) }

    func isCopy(_ file: Int) -> Bool { Int(files[file].original) != file }

    /// The next piece of work; nil when there is none left.
    mutating func next() -> Task? {
        while file < files.count {
            if !isCopy(file), block < blockCount(of: file) {
                block += 1
                return .block(file: file, index: block - 1)
            }
            let tailByteCount = Int(files[file].byteCount % UInt64(blockSize))
            if !hasRoom(for: tailByteCount) { return takeTails() }
            add(tailByteCount)
            file += 1
            block = 0
        }
        return tails.isEmpty ? nil : takeTails()
    }

    private func hasRoom(for byteCount: Int) -> Bool {
        tailsByteCount + byteCount <= blockSize && tails.count < Self.mostTailsAtOnce
    }

    /// An empty file is looked at too: is it empty still, or one that has more than its size says?
    private mutating func add(_ byteCount: Int) {
        if byteCount == 0, files[file].byteCount > 0 { return }
        tails.append(
            Tail(file: file, byteCount: byteCount, mayHaveTwin: tailLengths.isShared(byteCount)))
        tailsByteCount += byteCount
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

    /// - Parameter limit: all lengths are below it.
    init(limit: Int) {
        counts = Array(repeating: 0, count: limit)
    }

    mutating func add(_ byteCount: Int) {
        counts[byteCount] = min(counts[byteCount] + 1, 2)
    }

    func isShared(_ byteCount: Int) -> Bool { counts[byteCount] > 1 }
}
