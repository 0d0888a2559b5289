internal import Glibc
internal import Trees

/// One of the threads that do the work: read, hash, compress, write.
struct Worker: ~Copyable {
    private let blob: BlobContext
    private let compressor: Compressor
    /// Compressed blocks go here, and the buffer they came from takes its place.
    private var spare: BlockBuffer
    private var tails = TailReader()

    private init(_ blob: BlobContext) throws(BlobError) {
        self.blob = blob
        compressor = try Compressor(blob.options.compression, blockSize: blob.options.blockSize)
        spare = blob.exchange.takeWorkerBuffer()
    }

    /// Until the exchange has nothing more to do.
    static func run(_ blob: BlobContext) {
        do throws(BlobError) {
            var worker = try Worker(blob)
            while let work = blob.exchange.takeWork() { worker.perform(work) }
        } catch {
            blob.exchange.fail(error)
        }
    }

    private mutating func perform(_ work: Work) {
        switch work {
        case .read(let number, let task, let buffer):
            let result = Result { () throws(BlobError) in try read(task, into: buffer) }
            blob.exchange.finish(read: number, result)
        case .pack(let fragment):
            let result = Result { () throws(BlobError) in try pack(fragment) }
            blob.exchange.finish(pack: fragment.number, result)
        case .seal(let stretch):
            do throws(BlobError) {
                try blob.output.write(stretch.bytes, at: stretch.offset)
                let leaves =
                    blob.options.isSealed
                    ? stretch.leaves(knowing: blob.known?.base?.leaves) : []
                blob.exchange.finish(stretch, leaves: leaves)
            } catch {
                blob.exchange.fail(error)
            }
        }
    }

    // MARK: Reading

    private mutating func read(
        _ task: ContentPlan.Task, into buffer: BlockBuffer
    ) throws(BlobError) -> ReadOutcome {
        switch task {
        case .block(let file, let index): try readBlock(file, index, into: buffer)
        case .tails(let tails): try readTails(tails, into: buffer)
        }
    }

    /// Several workers can be in one file at the same time, each with a reader of its own: each
    /// finds the file as it was scanned, before and after its block.
    private mutating func readBlock(
        _ file: Int, _ index: Int, into buffer: BlockBuffer
    ) throws(BlobError) -> ReadOutcome {
        let blockSize = blob.options.blockSize
        let content = blob.content(of: file)
        switch blob.known?.block(index, of: content, into: buffer) {
        case .packed(let block):
            return ReadOutcome(contents: .block(file: file, index: index, block), notes: [])
        case .zeros:
            blob.exchange.giveBack(buffer)
            return ReadOutcome(contents: .block(file: file, index: index, nil), notes: [])
        case nil: break
        }
        var reader = try SourceReader(
            content, at: UInt64(index) * UInt64(blockSize))
        let isHole = reader.holeByteCount() >= UInt64(blockSize)
        let block = whole(buffer)
        if !isHole { try reader.fill(block) }
        let note = try reader.finish()
        let isEmpty = isHole || block.isAllZero
        if isEmpty { blob.exchange.giveBack(buffer) }
        let packed = isEmpty ? nil : try packUnlessKnown(buffer)
        return ReadOutcome(
            contents: .block(file: file, index: index, packed),
            notes: note.map { [(file, $0)] } ?? [])
    }

    private mutating func readTails(
        _ tails: [ContentPlan.Tail], into buffer: BlockBuffer
    ) throws(BlobError) -> ReadOutcome {
        var batch = TailBatch(buffer: buffer)
        batch.members.reserveCapacity(tails.count)
        if let known = blob.known, known.fill(&batch, with: tails, of: blob) {
            return ReadOutcome(contents: .tails(batch), notes: [])
        }
        var notes: [(file: Int, note: BlobNote)] = []
        for tail in tails {
            let content = blob.content(of: tail.file)
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[batch.byteCount...])
            if let note = try self.tails.read(tail.byteCount, of: content, into: rest) {
                notes.append((tail.file, note))
            }
            if tail.byteCount == 0 { continue }
            let hash =
                tail.mayHaveTwin || blob.known != nil
                ? ContentHash(
                    of: buffer.piece(at: batch.byteCount, tail.byteCount), seed: blob.hashSeed)
                : nil
            batch.members.append(
                .init(
                    file: tail.file, byteCount: tail.byteCount, mayHaveTwin: tail.mayHaveTwin,
                    hash: hash))
            batch.byteCount += tail.byteCount
        }
        return ReadOutcome(contents: .tails(batch), notes: notes)
    }

    private func whole(_ buffer: BlockBuffer) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[..<blob.options.blockSize])
    }

    // MARK: Compressing

    /// A block of a file, that was read: from the base where that has it.
    private mutating func packUnlessKnown(_ buffer: BlockBuffer) throws(BlobError) -> PackedBlock {
        let byteCount = blob.options.blockSize
        guard let known = blob.known else { return try pack(buffer, byteCount: byteCount) }
        let hash = ContentHash(of: buffer.piece(byteCount), seed: known.seed)
        if let block = take(hash, from: known, insteadOf: buffer) { return block }
        return try pack(buffer, byteCount: byteCount, hash)
    }

    private mutating func pack(_ fragment: Fragment) throws(BlobError) -> PackedBlock {
        var hash: ContentHash?
        if let known = blob.known {
            let ofTails = ContentHash(of: fragment.members.map { $0.hash! }, seed: known.seed)
            if let block = take(ofTails, from: known, insteadOf: fragment.buffer) { return block }
            hash = ofTails
        }
        if !fragment.isRead { try fragment.read(of: blob) }
        return try pack(
            fragment.buffer, at: fragment.start, byteCount: fragment.byteCount, hash)
    }

    private mutating func take(
        _ hash: ContentHash, from known: KnownContents, insteadOf buffer: BlockBuffer
    ) -> PackedBlock? {
        guard let base = known.base, let position = base.position(of: hash),
            let block = base.read(position, into: spare)
        else { return nil }
        spare = buffer
        return block
    }

    /// Compressed, or as it is when that is no shorter.
    ///
    /// - Parameter hash: of the content, where somebody wants to know.
    private mutating func pack(
        _ buffer: BlockBuffer, at start: Int = 0, byteCount: Int, _ hash: ContentHash? = nil
    ) throws(BlobError) -> PackedBlock {
        let packedByteCount = try compressor.compress(
            buffer.piece(at: start, byteCount), into: whole(spare))
        guard let packedByteCount else {
            return PackedBlock(
                buffer: buffer, start: start, byteCount: byteCount, isCompressed: false,
                origin: origin(hash, buffer.piece(at: start, byteCount)))
        }
        defer { spare = buffer }
        return PackedBlock(
            buffer: spare, start: 0, byteCount: packedByteCount, isCompressed: true,
            origin: origin(hash, spare.piece(packedByteCount)))
    }

    private func origin(
        _ hash: ContentHash?, _ bytes: UnsafeRawBufferPointer
    ) -> PackedBlock.Origin? {
        guard let hash, let seed = blob.known?.seed else { return nil }
        return .init(
            hash: hash, checksum: ContentHash.checksum(of: bytes, seed: seed),
            baseOffset: nil)
    }
}

extension UnsafeMutableRawBufferPointer {
    /// Compares the bytes with themselves, one further on.
    fileprivate var isAllZero: Bool {
        guard let start = baseAddress, start.load(as: UInt8.self) == 0 else { return isEmpty }
        return memcmp(start, start + 1, count - 1) == 0
    }
}
