internal import Glibc
internal import SystemPackage

/// Takes records one behind the other. Memory holds them as long as they are not very many; then
/// only the last ones, and what came before is in a file without a name. Where none can be made, or
/// it cannot grow, everything stays in memory.
struct RecordSpool: ~Copyable {
    /// Once there is a file, memory is written to it above this, in bytes.
    private static let pieceByteCount = 1 << 20

    private(set) var count = 0
    private var chunkStarts: [UInt64] = []
    private var byteCount: UInt64 = 0
    /// Of the chunk that is not complete: where its records start, and they themselves.
    private var starts: [UInt32] = []
    private var records: Bytes = []

    private var memory = PageMemory(byteCount: 1)
    /// Where in all bytes the ones in memory begin.
    private var memoryStart: UInt64 = 0
    private var scratch: Scratch?
    private var file: FileDescriptor?
    private var isFinished = false

    /// - Parameter scratch: nil for memory alone.
    init(spillingTo scratch: Scratch?) {
        self.scratch = scratch
    }

    deinit {
        if isFinished { return }
        memory.deallocate()
        if let file { _ = Glibc.close(file.rawValue) }
    }

    mutating func append(_ record: Bytes) {
        starts.append(UInt32(records.count))
        records += record
        count += 1
        if starts.count == PackedRecords.chunkRecordCount { closeChunk() }
    }

    consuming func finish(_ attachments: Attachments) -> PackedRecords {
        closeChunk()
        isFinished = true
        chunkStarts.append(byteCount)
        memory.trim(to: Int(byteCount - memoryStart))
        return PackedRecords(
            count: count, chunkStarts: chunkStarts, memory: memory, memoryStart: memoryStart,
            file: file, attachments: attachments)
    }

    private mutating func closeChunk() {
        if starts.isEmpty { return }
        spillIfLong()
        chunkStarts.append(byteCount)
        let headByteCount = UInt32(starts.count * MemoryLayout<UInt32>.size)
        for index in starts.indices { starts[index] += headByteCount }
        starts.withUnsafeBytes { append($0) }
        records.withUnsafeBytes { append($0) }
        starts.removeAll(keepingCapacity: true)
        records.removeAll(keepingCapacity: true)
    }

    private mutating func append(_ bytes: UnsafeRawBufferPointer) {
        let used = Int(byteCount - memoryStart)
        let end = used + bytes.count
        if end > memory.bytes.count {
            memory.resize(to: max(memory.bytes.count * 2, end), keeping: used)
        }
        UnsafeMutableRawBufferPointer(rebasing: memory.bytes[used..<end])
            .copyMemory(from: bytes)
        byteCount += UInt64(bytes.count)
    }

    private mutating func spillIfLong() {
        let used = Int(byteCount - memoryStart)
        guard let scratch else { return }
        let limit = file == nil ? scratch.memoryByteCount : Self.pieceByteCount
        guard used > limit else { return }
        do throws(Errno) {
            let file: FileDescriptor
            if let known = self.file {
                file = known
            } else {
                file = try .nameless(in: scratch.directory)
            }
            self.file = file
            try file.write(
                whole: UnsafeRawBufferPointer(rebasing: memory.bytes.prefix(used)),
                at: memoryStart)
            memoryStart = byteCount
            memory.resize(to: Self.pieceByteCount, keeping: 0)
        } catch {
            // Then what is not in the file yet stays in memory.
            self.scratch = nil
        }
    }
}
