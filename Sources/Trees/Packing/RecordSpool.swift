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
        if count % PackedRecords.chunkRecordCount == 0 {
            spillIfLong()
            chunkStarts.append(byteCount)
        }
        append(length: record.count)
        append(bytes: record)
        count += 1
    }

    consuming func finish(_ attachments: Attachments) -> PackedRecords {
        isFinished = true
        chunkStarts.append(byteCount)
        return PackedRecords(
            count: count, chunkStarts: chunkStarts, memory: memory, memoryStart: memoryStart,
            file: file, attachments: attachments)
    }

    /// As `RecordReader` reads numbers.
    private mutating func append(length: Int) {
        var rest = length
        while rest >= 0x80 {
            append(byte: UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(byte: UInt8(rest))
    }

    private mutating func append(byte: UInt8) {
        let used = makeRoom(for: 1)
        memory[used] = byte
        byteCount += 1
    }

    private mutating func append(bytes: Bytes) {
        let used = makeRoom(for: bytes.count)
        bytes.withUnsafeBufferPointer { source in
            if let start = source.baseAddress {
                (memory + used).update(from: start, count: source.count)
            }
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
