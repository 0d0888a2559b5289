internal import BakeContract
internal import Crypto
internal import Dispatch
internal import Synchronization

/// Compares every block of a squashfs and of the dm-verity tree behind it with the hash that stands
/// for it one level up, from the root hash down: what the kernel does for the blocks a program
/// reads, for all of them, on every processor.
struct HashTreeVerifier {
    private let file: InputFile
    /// Of the blob, in bytes from the start of the file.
    private let start: Int
    private let rootHash: Bytes
    /// The state of the hash after the salt, which every block begins with.
    private let salted: SHA256
    /// The data, then the hashes of each level, the root's block last; one level where one block of
    /// data is all there is.
    private let levels: [Level]

    /// Blocks, counted from the start of the blob.
    private struct Level {
        var start: Int
        var count: Int
    }

    private static let blockByteCount = 4096
    private static let hashesInBlock = blockByteCount / SHA256.byteCount

    /// Nil where data and tree are not laid out as they must be.
    init?(_ file: InputFile, blob: Range<Int>, _ description: BlobDescription) {
        guard let verity = description.verity, verity.dataBlockCount > 0,
            verity.hashStartBlock == verity.dataBlockCount
        else { return nil }
        var levels = [Level(start: 0, count: verity.dataBlockCount)]
        while levels.last!.count > 1 {
            let count = (levels.last!.count + Self.hashesInBlock - 1) / Self.hashesInBlock
            levels.append(Level(start: 0, count: count))
        }
        var end = verity.hashStartBlock
        for index in levels.indices.dropFirst().reversed() {
            levels[index].start = end
            end += levels[index].count
        }
        let padding = verity.dataBlockCount * Self.blockByteCount - description.dataByteCount
        guard blob.count == end * Self.blockByteCount, (0..<Self.blockByteCount).contains(padding)
        else { return nil }
        self.file = file
        self.start = blob.lowerBound
        self.levels = levels
        rootHash = verity.rootHash.bytes
        var salted = SHA256()
        salted.update(data: verity.salt)
        self.salted = salted
    }

    /// Where the first block stands that is not what its hash says, as an offset in the file; nil
    /// when all are. Below a damaged block of hashes nothing is looked at: it would get the blame.
    func firstDamage() throws(ImageError) -> Int? {
        let top = levels.last!
        if let damage = try firstDamage(in: top.start..<top.start + 1, hashes: rootHash[...]) {
            return damage
        }
        for (level, parents) in zip(levels, levels.dropFirst()).reversed() {
            if let damage = try firstDamage(in: level, under: parents) { return damage }
        }
        return nil
    }

    private func firstDamage(in level: Level, under parents: Level) throws(ImageError) -> Int? {
        let found = Mutex<Result<Int, ImageError>?>(nil)
        DispatchQueue.concurrentPerform(iterations: parents.count) { index in
            let first = index * Self.hashesInBlock
            let count = min(Self.hashesInBlock, level.count - first)
            let blocks = level.start + first..<level.start + first + count
            let result = Result { () throws(ImageError) in
                let hashes = try bytes(ofBlocks: parents.start + index..<parents.start + index + 1)
                return try firstDamage(
                    in: blocks, hashes: hashes.prefix(count * SHA256.byteCount))
            }
            found.withLock { $0 = Self.worse($0, result) }
        }
        return try found.withLock { $0 }?.get()
    }

    /// A file that cannot be read before one that is damaged, and the first damage before others.
    private static func worse(
        _ known: Result<Int, ImageError>?, _ new: Result<Int?, ImageError>
    ) -> Result<Int, ImageError>? {
        switch (known, new) {
        case (.failure, _), (_, .success(nil)): known
        case (_, .failure(let error)): .failure(error)
        case (.success(let offset)?, .success(let found?)): .success(min(offset, found))
        case (nil, .success(let found?)): .success(found)
        }
    }

    private func firstDamage(
        in blocks: Range<Int>, hashes: ArraySlice<UInt8>
    ) throws(ImageError) -> Int? {
        let bytes = try bytes(ofBlocks: blocks)
        return bytes.withUnsafeBytes { bytes in
            for (index, block) in blocks.enumerated() {
                var hash = salted
                let offset = index * Self.blockByteCount
                hash.update(
                    bufferPointer: UnsafeRawBufferPointer(
                        rebasing: bytes[offset..<offset + Self.blockByteCount]))
                let expected = hashes.dropFirst(index * SHA256.byteCount).prefix(SHA256.byteCount)
                if !hash.finalize().elementsEqual(expected) {
                    return start + block * Self.blockByteCount
                }
            }
            return nil
        }
    }

    private func bytes(ofBlocks blocks: Range<Int>) throws(ImageError) -> Bytes {
        let start = start + blocks.lowerBound * Self.blockByteCount
        return try file.bytes(in: start..<start + blocks.count * Self.blockByteCount, of: .blob)
    }
}
