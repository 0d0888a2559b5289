internal import Glibc
internal import SystemPackage

/// Records one behind the other, written once (`RecordSpool`) and then read in any order, by any
/// thread.
final class PackedRecords: @unchecked Sendable {
    /// So many are found, and read from the file, together: first where each starts, in bytes from
    /// the start of the chunk, 4 bytes each; then the records.
    static let chunkRecordCount = 64

    let count: Int
    let attachments: Attachments
    /// Of every chunk: where it starts, in bytes from the first record. Then where the last ends.
    private let chunkStarts: [UInt64]
    /// What is behind `memoryStart`; the rest is in the file, at the same place.
    private let memory: PageMemory
    private let memoryStart: UInt64
    private let file: FileDescriptor?
    private let cache = ChunkCache()

    /// Takes memory and file over.
    init(
        count: Int, chunkStarts: [UInt64], memory: PageMemory,
        memoryStart: UInt64, file: FileDescriptor?, attachments: Attachments
    ) {
        self.count = count
        self.chunkStarts = chunkStarts
        self.memory = memory
        self.memoryStart = memoryStart
        self.file = file
        self.attachments = attachments
    }

    deinit {
        memory.deallocate()
        if let file { _ = Glibc.close(file.rawValue) }
    }

    /// - Parameter body: gets the record; it is good until the body returns, and no other record of
    ///   these may be asked for in it.
    @inline(__always)
    func withRecord<Value>(_ index: Int, _ body: (RecordReader, Attachments) -> Value) -> Value {
        precondition(index >= 0 && index < count)
        let chunk = index / Self.chunkRecordCount
        let start = chunkStarts[chunk]
        let place = index % Self.chunkRecordCount
        if start >= memoryStart {
            let bytes = memory.bytes.baseAddress! + Int(start - memoryStart)
            return body(Self.record(place, in: UnsafeRawPointer(bytes)), attachments)
        }
        cache.lock()
        defer { cache.unlock() }
        let bytes = cache.chunk(chunk, at: start..<chunkStarts[chunk + 1], of: file!)
        return body(Self.record(place, in: bytes), attachments)
    }

    private static func record(_ place: Int, in chunk: UnsafeRawPointer) -> RecordReader {
        let start = chunk.loadUnaligned(
            fromByteOffset: place * MemoryLayout<UInt32>.size, as: UInt32.self)
        return RecordReader((chunk + Int(start)).assumingMemoryBound(to: UInt8.self))
    }
}

/// Chunks that were read last. Of one thread at a time.
private final class ChunkCache {
    private struct Slot {
        var chunk = -1
        var bytes = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    }

    private static let slotCount = 16

    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let slots = UnsafeMutablePointer<Slot>.allocate(capacity: slotCount)

    init() {
        mutex.initialize(to: pthread_mutex_t())
        pthread_mutex_init(mutex, nil)
        slots.initialize(repeating: Slot(), count: Self.slotCount)
    }

    deinit {
        for index in 0..<Self.slotCount { slots[index].bytes.deallocate() }
        slots.deallocate()
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    func lock() { pthread_mutex_lock(mutex) }

    func unlock() { pthread_mutex_unlock(mutex) }

    /// Good until another one is asked for.
    func chunk(
        _ chunk: Int, at range: Range<UInt64>, of file: FileDescriptor
    ) -> UnsafeRawPointer {
        let slot = slots + chunk % Self.slotCount
        if slot.pointee.chunk != chunk {
            slot.pointee.chunk = -1
            read(range, of: file, into: &slot.pointee.bytes)
            slot.pointee.chunk = chunk
        }
        return UnsafeRawPointer(slot.pointee.bytes.baseAddress!)
    }

    /// A file of our own that cannot be read back leaves nothing to go on with.
    private func read(
        _ range: Range<UInt64>, of file: FileDescriptor,
        into bytes: inout UnsafeMutableRawBufferPointer
    ) {
        let byteCount = Int(range.upperBound - range.lowerBound)
        if bytes.count < byteCount {
            bytes.deallocate()
            bytes = .allocate(byteCount: byteCount, alignment: 1)
        }
        let piece = UnsafeMutableRawBufferPointer(rebasing: bytes.prefix(byteCount))
        do throws(Errno) {
            guard try file.fill(piece, at: range.lowerBound) == byteCount else {
                fatalError("the scratch file became shorter")
            }
        } catch {
            fatalError("cannot read the scratch file back: \(error)")
        }
    }
}
