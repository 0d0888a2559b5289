internal import Trees

/// Finds files of equal length whose whole blocks are those of another one, before any of them is
/// compressed. They are told apart by their first blocks, and read on only where those are equal.
/// What stands behind the last whole block is compared when it is read (`FragmentPacker`).
struct LargeCopies: Sendable {
    private struct Key: Hashable {
        let byteCount: UInt64
        let hash: ContentHash?
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
        var candidates = tree.nodes.indices.filter { byteCount(of: $0) >= blockSize }
        var hashes: [Int: ContentHash] = [:]
        candidates = groups(candidates, hashes).flatMap { $0 }.sorted()
        hashes = try self.hashes(of: candidates, blockLimit: 1)
        candidates = groups(candidates, hashes).flatMap { $0 }.sorted()
        hashes = try self.hashes(of: candidates, blockLimit: .max)
        for group in groups(candidates, hashes) {
            for copy in group.dropFirst() { plan.declare(copy, copyOf: group[0]) }
        }
    }

    private func byteCount(of file: Int) -> UInt64 { tree.contentByteCount(node: file) ?? 0 }

    /// Files of equal length and hash, more than one each, in the order of the tree.
    private func groups(_ files: [Int], _ hashes: [Int: ContentHash]) -> [[Int]] {
        Dictionary(grouping: files) { file in
            Key(byteCount: byteCount(of: file), hash: hashes[file])
        }.values.filter { $0.count > 1 }
    }

    /// - Parameter blockLimit: how much of each is read.
    private func hashes(
        of files: [Int], blockLimit: Int
    ) throws(BlobError) -> [Int: ContentHash] {
        if files.isEmpty { return [:] }
        let results = Monitor<[Int: Result<ContentHash, BlobError>]>([:])
        let next = Monitor(files.makeIterator())
        let threads = try WorkerThreads(count: min(workerCount, files.count)) {
            let buffer = UnsafeMutableRawBufferPointer.allocate(
                byteCount: blockSize, alignment: 4096)
            defer { buffer.deallocate() }
            while let file = next.withLock({ $0.next() }) {
                let content = tree.content(of: file)
                let result = Result { () throws(BlobError) in
                    try hash(of: content, blockLimit, by: buffer)
                }
                results.withLock { $0[file] = result }
            }
        }
        threads.join()
        var hashes: [Int: ContentHash] = [:]
        let found = results.withLock { $0 }
        for file in files { hashes[file] = try found[file]!.get() }
        return hashes
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
