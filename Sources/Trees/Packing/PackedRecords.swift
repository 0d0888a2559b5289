internal import Glibc
internal import SystemPackage

/// Records one behind the other, written once and then read in any order, by any thread.
///
/// Memory holds only the last of many: what came before is in a file without a name. Where none can
/// be made, or it cannot grow, everything stays in memory.
final class PackedRecords: @unchecked Sendable {
    /// So many are found, and read from the file, together.
    private static let chunkRecordCount = 16
    /// Above this, what is in memory goes to the file, in bytes.
    private static let memoryLimit = 1 << 20

    let attachments = Attachments()
    private(set) var count = 0
    /// Of every 16 records: where they start, in bytes from the first record.
    private var chunkStarts: [UInt64] = []
    private var byteCount: UInt64 = 0

    private var memory: UnsafeMutablePointer<UInt8>
    private var capacity = 1 << 12
    /// Where in all bytes the ones in memory begin; those before are in the file, at the same place.
    private var memoryStart: UInt64 = 0
    private var directory: FilePath?
    private var file: FileDescriptor?
    /// Of the cache. (A Mutex of Synchronization takes no closure of a caller's.)
    private let lock: UnsafeMutablePointer<pthread_mutex_t>
    private var cache = ChunkCache()

    /// - Parameter directory: where the file may be made; nil for memory alone.
    init(spillingTo directory: FilePath?) {
        self.directory = directory
        memory = .allocate(capacity: capacity)
        lock = .allocate(capacity: 1)
        lock.initialize(to: pthread_mutex_t())
        pthread_mutex_init(lock, nil)
    }

    deinit {
        pthread_mutex_destroy(lock)
        lock.deallocate()
        memory.deallocate()
        if let file { _ = Glibc.close(file.rawValue) }
    }

    // MARK: Writing, by one thread, before anybody reads

    func append(_ record: Bytes) {
        if count % Self.chunkRecordCount == 0 {
            spillIfLong()
            chunkStarts.append(byteCount)
        }
        var head = RecordWriter()
        head.append(UInt64(record.count))
        append(bytes: head.bytes)
        append(bytes: record)
        count += 1
    }

    private func append(bytes: Bytes) {
        let used = Int(byteCount - memoryStart)
        if used + bytes.count > capacity { grow(to: used + bytes.count) }
        bytes.withUnsafeBufferPointer { source in
            if let start = source.baseAddress {
                (memory + used).update(from: start, count: source.count)
            }
        }
        byteCount += UInt64(bytes.count)
    }

    private func grow(to least: Int) {
        let used = Int(byteCount - memoryStart)
        capacity = max(capacity * 2, least)
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
        larger.update(from: memory, count: used)
        memory.deallocate()
        memory = larger
    }

    private func spillIfLong() {
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

    // MARK: Reading

    /// - Parameter body: gets the record; it is good until the body returns, and no other record of
    ///   these may be asked for in it.
    func withRecord<Value>(_ index: Int, _ body: (RecordReader, Attachments) -> Value) -> Value {
        precondition(index >= 0 && index < count)
        let chunk = index / Self.chunkRecordCount
        let start = chunkStarts[chunk]
        let place = index % Self.chunkRecordCount
        if start >= memoryStart {
            return body(
                Self.record(place, in: memory + Int(start - memoryStart)), attachments)
        }
        let end = chunk + 1 < chunkStarts.count ? chunkStarts[chunk + 1] : byteCount
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return cache.withChunk(chunk, at: start, byteCount: Int(end - start), of: file!) { bytes in
            body(Self.record(place, in: bytes), attachments)
        }
    }

    private static func record(_ place: Int, in chunk: UnsafePointer<UInt8>) -> RecordReader {
        var reader = RecordReader(chunk)
        for _ in 0..<place { reader.skip(Int(reader.number())) }
        _ = reader.number()
        return reader
    }
}

/// Chunks that were read last.
private struct ChunkCache {
    private static let slotCount = 16

    private var slots: [(chunk: Int, bytes: Bytes)] = []

    mutating func withChunk<Value>(
        _ chunk: Int, at offset: UInt64, byteCount: Int, of file: FileDescriptor,
        _ body: (UnsafePointer<UInt8>) -> Value
    ) -> Value {
        if slots.isEmpty { slots = Array(repeating: (-1, []), count: Self.slotCount) }
        let slot = chunk % Self.slotCount
        if slots[slot].chunk != chunk {
            slots[slot].chunk = -1
            read(&slots[slot].bytes, byteCount, of: file, at: offset)
            slots[slot].chunk = chunk
        }
        return slots[slot].bytes.withUnsafeBufferPointer { body($0.baseAddress!) }
    }

    /// A file of our own that cannot be read back leaves nothing to go on with.
    private func read(
        _ bytes: inout Bytes, _ byteCount: Int, of file: FileDescriptor, at offset: UInt64
    ) {
        if bytes.count < byteCount {
            bytes = Bytes(repeating: 0, count: byteCount)
        }
        bytes.withUnsafeMutableBytes { buffer in
            let piece = UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(byteCount))
            do throws(Errno) {
                guard try file.fill(piece, at: offset) == byteCount else {
                    fatalError("the scratch file became shorter")
                }
            } catch {
                fatalError("cannot read the scratch file back: \(error)")
            }
        }
    }
}
