internal import Trees

// What a worker finds to be known when it is about to read.
extension KnownContents {
    enum Found {
        case zeros
        case packed(PackedBlock)
    }

    /// A block of a file that need not be read; nil where it must be.
    func block(
        _ index: Int, of content: Node.Content, into buffer: BlockBuffer
    ) -> Found? {
        guard let base, let file = file(content) else { return nil }
        switch block(index, of: file) {
        case .zeros: return .zeros
        case .stored(let position): return base.read(position, into: buffer).map(Found.packed)
        case nil: return nil
        }
    }

    /// Fills a batch with tails of which all are known, and whose bytes may stay where they are.
    func fill(
        _ batch: inout TailBatch, with tails: [ContentPlan.Tail], of blob: BlobContext
    ) -> Bool {
        if !trustsLooks { return false }
        var members: ArraySlice<TailBatch.Member> = []
        members.reserveCapacity(tails.count)
        for tail in tails {
            guard let file = file(blob.content(of: tail.file)) else { return false }
            if tail.byteCount == 0 { continue }
            members.append(
                .init(
                    file: tail.file, byteCount: tail.byteCount, mayHaveTwin: tail.mayHaveTwin,
                    hash: file.tailHash))
        }
        batch.members = members
        batch.byteCount = members.reduce(0) { $0 + $1.byteCount }
        batch.isRead = false
        return true
    }
}

extension Fragment {
    /// Reads the tails after all. A file that does not hold what its looks had promised is an
    /// error: decisions were built on it.
    func read(of blob: BlobContext) throws(BlobError) {
        var offset = start
        for member in members {
            let content = blob.content(of: member.file)
            let space = UnsafeMutableRawBufferPointer(
                rebasing: buffer.bytes[offset..<(offset + member.byteCount)])
            var reader = try SourceReader(
                content, at: content.byteCount - UInt64(member.byteCount))
            try reader.fill(space)
            let note = try reader.finish()
            let hash = ContentHash(of: UnsafeRawBufferPointer(space), seed: blob.hashSeed)
            if note != nil || hash != member.hash, case .file(let file) = content {
                throw .falseLooks(file.place)
            }
            offset += member.byteCount
        }
    }
}
