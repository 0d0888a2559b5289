internal import CSquashFS

/// Reads one stretch of metadata blocks (8 KiB each, unpacked) as the bytes they hold.
///
/// Numbers are little-endian in the file, as on every machine bake runs on.
///
/// What a call's `flaw` says is what a failure means.
final class MetadataReader {
    typealias Flaw = SquashFSReadError.Flaw

    private let object: LibraryObject
    /// The library has pointers to both.
    private let unpacker: Unpacker
    private let file: LibraryFile
    /// File offset that references count from.
    private let start: UInt64

    init(
        _ range: Range<UInt64>, _ unpacker: Unpacker, _ file: LibraryFile
    ) throws(SquashFSReadError) {
        guard
            let reader = sqfs_meta_reader_create(
                file.pointer, unpacker.pointer, range.lowerBound, range.upperBound)
        else { throw .library(call: "sqfs_meta_reader_create") }
        object = LibraryObject(UnsafeMutableRawPointer(reader))
        start = range.lowerBound
        self.unpacker = unpacker
        self.file = file
    }

    /// Goes to a place as inodes and listings write it down: the metadata block's distance from the
    /// start in bytes, and the offset in what it unpacks to.
    func seek(
        block: UInt64, offset: Int, _ flaw: @autoclosure () -> Flaw
    ) throws(SquashFSReadError) {
        let (position, overflow) = start.addingReportingOverflow(block)
        guard !overflow else { throw file.source.damaged(flaw()) }
        try file.check(sqfs_meta_reader_seek(object.opaque, position, offset), flaw())
    }

    /// The same, as one number: block distance << 16 | offset.
    func seek(reference: UInt64, _ flaw: @autoclosure () -> Flaw) throws(SquashFSReadError) {
        try seek(block: reference >> 16, offset: Int(reference & 0xffff), flaw())
    }

    /// Where the next byte stands: a metadata block's file offset, and the offset in it.
    var position: (block: UInt64, offset: Int) {
        var block: UInt64 = 0
        var offset = 0
        sqfs_meta_reader_get_position(object.opaque, &block, &offset)
        return (block, offset)
    }

    func seek(
        to position: (block: UInt64, offset: Int), _ flaw: @autoclosure () -> Flaw
    ) throws(SquashFSReadError) {
        try file.check(
            sqfs_meta_reader_seek(object.opaque, position.block, position.offset), flaw())
    }

    /// Fills a value that consists of numbers alone.
    func read<Value>(
        _ value: inout Value, _ flaw: @autoclosure () -> Flaw
    ) throws(SquashFSReadError) {
        let code = withUnsafeMutableBytes(of: &value) { bytes in
            sqfs_meta_reader_read(object.opaque, bytes.baseAddress, bytes.count)
        }
        try file.check(code, flaw())
    }

    /// Reads an array of numbers; the caller knows that there is room in memory.
    func numbers<Number: FixedWidthInteger>(
        _ count: Int, of type: Number.Type = Number.self, _ flaw: @autoclosure () -> Flaw
    ) throws(SquashFSReadError) -> [Number] {
        if count == 0 { return [] }
        var numbers = [Number](repeating: 0, count: count)
        let code = numbers.withUnsafeMutableBytes { bytes in
            sqfs_meta_reader_read(object.opaque, bytes.baseAddress, bytes.count)
        }
        try file.check(code, flaw())
        return numbers
    }
}

/// How much memory the description of a tree may take: small files cannot ask for much, however
/// well their metadata compresses.
struct MemoryBudget {
    private let limitByteCount: UInt64
    private var rest: UInt64
    private let source: SourceRange

    /// A metadata block of 8 KiB can shrink to about 20 bytes.
    private static let growth: UInt64 = 1024
    private static let least: UInt64 = 64 << 20
    private static let most: UInt64 = 8 << 30

    init(for source: SourceRange) {
        self.source = source
        limitByteCount = min(Self.least + min(source.byteCount, 1 << 40) * Self.growth, Self.most)
        rest = limitByteCount
    }

    mutating func spend(_ byteCount: UInt64) throws(SquashFSReadError) {
        guard byteCount <= rest else {
            throw source.damaged(.tooMuch(limitByteCount: limitByteCount))
        }
        rest -= byteCount
    }
}
