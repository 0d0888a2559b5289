internal import Trees

/// What is known about contents before they are read, and about the base's blocks.
struct KnownContents: Sendable {
    /// A block of a file, as far as the base has it.
    enum Block {
        case zeros
        case stored(Int)
    }

    /// A file that is as it was when the base was made.
    struct File {
        let tailHash: ContentHash
        fileprivate let firstPosition: Int
    }

    let base: BaseBlocks?
    /// What this blob's blocks are compressed by.
    let compressor: ContentHash
    /// `Reuse.startSeconds`
    let startSeconds: Int64
    /// Nil where looks are not trusted.
    private let trusted: BlobIndex?
    let seed: UInt64
    var trustsLooks: Bool { trusted != nil }
    private let zerosHash: ContentHash
    let isOtherwiseCompressed: Bool

    init(_ reuse: Reuse, _ options: SquashFS.Options) throws(BlobError) {
        compressor = try Compressor.identity(options.compression, blockSize: options.blockSize)
        startSeconds = reuse.startSeconds
        let compressor = compressor
        let base = reuse.base.flatMap { $0.index.compressor == compressor ? $0 : nil }
        isOtherwiseCompressed = base == nil && reuse.base != nil
        self.base = base.map(BaseBlocks.init)
        trusted = reuse.trust == .stat ? base?.index : nil
        seed = base?.index.seed ?? .random(in: .min ... .max)
        let seed = seed
        zerosHash = [UInt8](repeating: 0, count: options.blockSize)
            .withUnsafeBytes { ContentHash(of: $0, seed: seed) }
    }

    /// Nil for a file that has to be read.
    func file(_ content: Node.Content) -> File? {
        guard let trusted, case .file(let file) = content,
            let known = trusted.file(like: file.look)
        else { return nil }
        return File(tailHash: known.tailHash, firstPosition: known.firstPosition)
    }

    func block(_ index: Int, of file: File) -> Block? {
        guard let position = trusted?.blockPosition(file.firstPosition &+ index) else { return nil }
        return position == BlobIndex.zeros ? .zeros : .stored(Int(position))
    }

    /// The hash of the first blocks of a file, as `LargeCopies` compares it.
    func hash(ofBlocks count: Int, of file: File) -> ContentHash? {
        var hashes: [ContentHash] = []
        for index in 0..<count {
            guard let block = block(index, of: file) else { return nil }
            switch block {
            case .zeros: hashes.append(zerosHash)
            case .stored(let position): hashes.append(trusted!.block(position).hash)
            }
        }
        return ContentHash(of: hashes, seed: seed)
    }
}
