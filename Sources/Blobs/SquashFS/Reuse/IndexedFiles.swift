internal import Glibc
internal import SystemPackage
internal import Trees

/// The files of an index, which are looked up in its file: in memory, those of a million would be
/// the longest list of a bake. Files that are packed one after the other stand close to each other
/// mostly, so a few groups are kept as they were read.
struct IndexedFiles: Sendable {
    private struct Group {
        /// Negative where none was read.
        var number = -1
        var rows: [UInt8] = []
    }

    private static let groupByteCount = 64 * BlobIndex.fileByteCount
    /// Groups that are read at once when all are.
    private static let pieceGroupCount = 16
    private static let keptGroupCount = 512

    private let file: IndexFile
    /// Where they stand in the file, in bytes.
    private let range: Range<Int>
    /// What each group begins with.
    private let firstLooks: [FileLook.Key]
    /// By the group's number, modulo their count. Each has a lock of its own: workers are in
    /// different parts of the tree.
    private let kept: [Monitor<Group>]

    /// - Parameters:
    ///   - start: where they stand, in bytes.
    ///   - digest: gets all of them.
    /// - Returns: nil where they cannot be read.
    init?(_ file: IndexFile, at start: Int, count: Int, _ digest: inout StreamedHash) {
        self.file = file
        range = start..<start + count * BlobIndex.fileByteCount
        var firstLooks: [FileLook.Key] = []
        for offset in stride(
            from: start, to: range.upperBound, by: Self.pieceGroupCount * Self.groupByteCount)
        {
            let end = min(offset + Self.pieceGroupCount * Self.groupByteCount, range.upperBound)
            guard let piece = file.bytes(at: offset, count: end - offset) else { return nil }
            digest.append(piece)
            for group in stride(from: 0, to: piece.count, by: Self.groupByteCount) {
                firstLooks.append(FileLook(piece, at: group).key)
            }
        }
        self.firstLooks = firstLooks
        kept = (0..<min(firstLooks.count, Self.keptGroupCount)).map { _ in Monitor(Group()) }
    }

    /// The file that looked exactly like this; nil when none did.
    func file(like look: FileLook) -> BlobIndex.File? {
        let number = firstLooks.partitioningIndex { look.key < $0 } - 1
        if number < 0 { return nil }
        return kept[number % kept.count].withLock { group in
            if group.number != number {
                // What cannot be read any more is not known.
                guard let rows = rows(ofGroup: number) else { return nil }
                group = Group(number: number, rows: rows)
            }
            return Self.file(like: look, in: group.rows)
        }
    }

    private func rows(ofGroup number: Int) -> [UInt8]? {
        let start = range.lowerBound + number * Self.groupByteCount
        return file.bytes(at: start, count: min(Self.groupByteCount, range.upperBound - start))
    }

    private static func file(like look: FileLook, in rows: [UInt8]) -> BlobIndex.File? {
        let size = BlobIndex.fileByteCount
        let row = (0..<rows.count / size).partitioningIndex {
            FileLook(rows, at: $0 * size).key >= look.key
        }
        let start = row * size
        guard start < rows.count, FileLook(rows, at: start) == look else { return nil }
        return BlobIndex.File(
            tailHash: rows.hash(at: start + 48),
            firstPosition: Int(rows.number(at: start + 64, as: Int64.self)))
    }
}

/// An open file of which pieces are read.
final class IndexFile: Sendable {
    private let descriptor: FileDescriptor
    /// 0 where it cannot be told.
    let byteCount: UInt64

    init(_ descriptor: FileDescriptor) {
        self.descriptor = descriptor
        var status = stat()
        byteCount = fstat(descriptor.rawValue, &status) == 0 ? UInt64(status.st_size) : 0
    }

    deinit { close(descriptor.rawValue) }

    /// Nil where they are not there or cannot be read.
    func bytes(at offset: Int, count: Int) -> [UInt8]? {
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { room, filled in
            let room = UnsafeMutableRawBufferPointer(start: room.baseAddress, count: count)
            filled = (try? descriptor.fill(room, at: UInt64(offset))) ?? 0  // as said above
        }
        return bytes.count == count ? bytes : nil
    }
}
