internal import Trees

/// Finds files of equal length whose whole blocks are those of another one, before any of them is
/// compressed. They are told apart by their first blocks, and read on only where those are equal.
/// What stands behind the last whole block is compared when it is read (`FragmentPacker`).
struct LargeCopies: Sendable {
    private struct Candidate {
        let file: UInt32
        let byteCount: UInt64
        /// Of what was read of it.
        var hash = ContentHash.zero

        func isEqual(to other: Candidate) -> Bool {
            byteCount == other.byteCount && hash == other.hash
        }
    }

    private let tree: MergedTree
    private let blockSize: Int
    private let workerCount: Int
    private let hashSeed: UInt64
    private let known: KnownContents?

    init(
        _ tree: MergedTree, _ options: SquashFS.Options, hashSeed: UInt64, _ known: KnownContents?
    ) {
        self.tree = tree
        blockSize = options.blockSize
        workerCount = options.workers
        self.hashSeed = hashSeed
        self.known = known
    }

    func find(in plan: inout ContentPlan) throws(BlobError) {
        var candidates = plan.largeFiles.map {
            Candidate(file: UInt32($0.file), byteCount: $0.byteCount)
        }
        for blockLimit in [1, .max] {
            Self.dropUnique(from: &candidates)
            try hash(&candidates, blockLimit: blockLimit)
        }
        Self.dropUnique(from: &candidates)
        guard var original = candidates.first else { return }
        for candidate in candidates.dropFirst() {
            if candidate.isEqual(to: original) {
                plan.declare(Int(candidate.file), copyOf: Int(original.file))
            } else {
                original = candidate
            }
        }
    }

    /// Leaves those that are equal to another one, side by side, each group in the order of the
    /// tree.
    private static func dropUnique(from candidates: inout [Candidate]) {
        candidates.sort {
            ($0.byteCount, $0.hash.low, $0.hash.high, $0.file)
                < ($1.byteCount, $1.hash.low, $1.hash.high, $1.file)
        }
        var kept = 0
        var first = 0
        while first < candidates.count {
            let end = candidates[first...].firstIndex { !$0.isEqual(to: candidates[first]) }
            let group = first..<(end ?? candidates.count)
            first = group.upperBound
            if group.count == 1 { continue }
            for index in group {
                candidates[kept] = candidates[index]
                kept += 1
            }
        }
        candidates.removeLast(candidates.count - kept)
    }

    /// Reads files in the order of the tree.
    ///
    /// - Parameter blockLimit: how much of each is read.
    private func hash(
        _ candidates: inout [Candidate], blockLimit: Int
    ) throws(BlobError) {
        if candidates.isEmpty { return }
        candidates.sort { $0.file < $1.file }
        let files = candidates.map(\.file)
        let results = Monitor(Hashes(count: files.count))
        let next = Monitor(files.indices.makeIterator())
        let threads = try WorkerThreads(count: min(workerCount, files.count)) {
            let buffer = UnsafeMutableRawBufferPointer.allocate(
                byteCount: blockSize, alignment: 4096)
            defer { buffer.deallocate() }
            while let index = next.withLock({ $0.next() }) {
                let content = tree.content(of: Int(files[index]))
                let result = Result { () throws(BlobError) in
                    try hash(of: content, blockLimit, by: buffer)
                }
                results.withLock { $0.add(result, at: index) }
            }
        }
        threads.join()
        let hashes = try results.withLock { (results) throws(BlobError) in try results.get() }
        for index in candidates.indices { candidates[index].hash = hashes[index] }
    }

    private func hash(
        of content: Node.Content, _ blockLimit: Int, by buffer: UnsafeMutableRawBufferPointer
    ) throws(BlobError) -> ContentHash {
        let count = min(blockLimit, Int(content.byteCount / UInt64(blockSize)))
        if let known, let file = known.file(content),
            let hash = known.hash(ofBlocks: count, of: file)
        {
            return hash
        }
        var reader = try SourceReader(content)
        var hashes: [ContentHash] = []
        for _ in 0..<count {
            try reader.fill(buffer)
            hashes.append(ContentHash(of: UnsafeRawBufferPointer(buffer), seed: hashSeed))
        }
        // A change is noted when the file is packed; a copy gets the note of its original.
        _ = try reader.finish()
        return ContentHash(of: hashes, seed: hashSeed)
    }
}

/// Hashes of several files as they come.
private struct Hashes {
    private var hashes: [ContentHash]
    /// That of the first file that has one.
    private var failure: (index: Int, error: BlobError)?

    init(count: Int) {
        hashes = Array(repeating: .zero, count: count)
    }

    mutating func add(_ result: Result<ContentHash, BlobError>, at index: Int) {
        switch result {
        case .success(let hash): hashes[index] = hash
        case .failure(let error):
            if failure.map({ index < $0.index }) ?? true { failure = (index, error) }
        }
    }

    /// The error that reading one after the other would have ended with, or what was read.
    func get() throws(BlobError) -> [ContentHash] {
        if let failure { throw failure.error }
        return hashes
    }
}
