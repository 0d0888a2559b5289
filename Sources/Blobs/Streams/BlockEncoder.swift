/// A stream of blocks: this thread fills them, others pack them, one writes them in order.
final class BlockEncoder: StreamEncoder {
    private let ring: BlockRing
    private let writer: BlockWriter
    private var packing: WorkerThreads?
    private var writing: WorkerThreads?

    init(
        _ output: StreamOutput, _ format: any BlockFormat, workerCount: Int
    ) throws(BlobError) {
        let ring = BlockRing(format, workerCount: workerCount)
        let writer = BlockWriter(output, format)
        self.ring = ring
        self.writer = writer
        packing = try WorkerThreads(count: workerCount) { Self.pack(ring, format) }
        writing = try WorkerThreads(count: 1) { writer.run(ring) }
    }

    deinit {
        ring.close()
        join()
    }

    func takeBlock() throws(BlobError) -> UnsafeMutableRawBufferPointer { try ring.takeBlock() }

    func submit(_ byteCount: Int, isLast: Bool) { ring.submit(byteCount, isLast: isLast) }

    func finish() throws(BlobError) -> StreamOutput {
        join()
        try ring.check()
        return writer.output
    }

    private func join() {
        packing.take()?.join()
        writing.take()?.join()
    }

    private static func pack(_ ring: BlockRing, _ format: any BlockFormat) {
        do throws(BlobError) {
            let compressor = try format.makeCompressor()
            while let work = ring.takeWork() {
                ring.finish(work.number, try compressor.pack(work.block, into: work.space))
            }
        } catch {
            ring.fail(error)
        }
    }
}

/// Its properties are the writing thread's alone, until that has ended.
private final class BlockWriter: @unchecked Sendable {
    private(set) var output: StreamOutput
    private var format: any BlockFormat

    init(_ output: StreamOutput, _ format: any BlockFormat) {
        self.output = output
        self.format = format
    }

    func run(_ ring: BlockRing) {
        do throws(BlobError) {
            try output.append(format.header)
            while let block = ring.takePacked() {
                try output.append(block.bytes)
                format.add(block.contents, checksum: block.result.checksum)
                ring.giveBack()
            }
            try output.append(format.trailer)
        } catch {
            ring.fail(error)
        }
    }
}
