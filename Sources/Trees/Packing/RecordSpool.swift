internal import Glibc
internal import SystemPackage

/// Takes records one behind the other. Memory holds only the last of many: what came before is in a
/// file without a name. Where none can be made, or it cannot grow, everything stays in memory.
struct RecordSpool: ~Copyable {
    /// Above this, what is in memory goes to the file, in bytes.
    private static let memoryLimit = 1 << 20

    private(set) var count = 0
    private var chunkStarts: [UInt64] = []
    private var byteCount: UInt64 = 0
    /// Of the chunk that is not complete: where its records start, and they themselves.
    private var starts: [UInt32] = []
    private var records: Bytes = []

    private var memory: UnsafeMutablePointer<UInt8>
    private var capacity = 1 << 12
    /// Where in all bytes the ones in memory begin.
    private var memoryStart: UInt64 = 0
    private var directory: FilePath?
    private var file: FileDescriptor?
    private var isFinished = false

    /// - Parameter directory: where the file may be made; nil for memory alone.
    init(spillingTo directory: FilePath?) {
        self.directory = directory
        memory = .allocate(capacity: capacity)
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
        let used = makeRoom(for: bytes.count)
        if let start = bytes.baseAddress {
            UnsafeMutableRawPointer(memory + used).copyMemory(from: start, byteCount: bytes.count)
        }
        byteCount += UInt64(bytes.count)
    }

    /// - Returns: how much of the memory is in use.
    private mutating func makeRoom(for count: Int) -> Int {
        let used = Int(byteCount - memoryStart)
        if used + count > capacity { grow(to: used + count) }
        return used
    }

    private mutating func grow(to least: Int) {
        let used = Int(byteCount - memoryStart)
        capacity = max(capacity * 2, least)
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
        larger.update(from: memory, count: used)
        memory.deallocate()
        memory = larger
    }

    private mutating func spillIfLong() {
        let used = Int(byteCount - memoryStart)
        guard used > Self.memoryLimit, let directory else { return }
        do throws(Errno) {
            let file: FileDescriptor
            if let known = self.file { file = known } else { file = try .nameless(in: directory) }
            self.file = file
            try file.write(
                whole: UnsafeRawBufferPointer(start: memory, count: used), at: memoryStart)
            memoryStart = byteCount
        } catch {
            // Then what is not in the file yet stays in memory.
            self.directory = nil
        }
    }
}
