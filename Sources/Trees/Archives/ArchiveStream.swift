/// An archive's bytes, one block after another, as they were before compression.
protocol BlockSource: AnyObject {
    /// Valid until the next call; empty at the end.
    func nextBlock() throws(TreeError) -> UnsafeRawBufferPointer
}

/// The bytes of an archive, read from the first to the last.
final class ArchiveStream {
    let input: ArchiveInput
    let filter: ArchiveFilter
    private let source: any BlockSource
    private var block = UnsafeRawBufferPointer(start: nil, count: 0)
    /// How many bytes were taken.
    private(set) var offset: UInt64 = 0

    init(_ input: ArchiveInput) throws(TreeError) {
        self.input = input
        let first = try input.firstBytes(6)
        guard !first.isEmpty else { throw input.fault(.empty) }
        filter = ArchiveFilter(firstBytes: first)
        source =
            switch filter {
            case .none: PlainSource(input)
            case .gzip: try GzipSource(input)
            case .zstd, .xz, .lz4, .bzip2: try FilterSource(input, filter)
            }
    }

    /// As many bytes as there are, up to `limit`; empty at the end. Valid until the next call.
    func next(upTo limit: Int) throws(TreeError) -> UnsafeRawBufferPointer {
        if block.isEmpty { block = try source.nextBlock() }
        let piece = UnsafeRawBufferPointer(rebasing: block.prefix(limit))
        block = UnsafeRawBufferPointer(rebasing: block.dropFirst(piece.count))
        offset += UInt64(piece.count)
        return piece
    }

    /// Exactly this many bytes; fewer at the end only.
    func take(_ count: Int) throws(TreeError) -> Bytes {
        var bytes: Bytes = []
        while bytes.count < count {
            let piece = try next(upTo: count - bytes.count)
            if piece.isEmpty { break }
            bytes += piece
        }
        return bytes
    }

    /// Moves on; in a plain archive without reading.
    func skip(_ count: UInt64) throws(TreeError) {
        let inBlock = min(count, UInt64(block.count))
        try forEachPiece(of: inBlock) { (_: UnsafeRawBufferPointer) throws(TreeError) in }
        let left = count - inBlock
        if left == 0 { return }
        if filter == .none {
            try input.skip(left)
            offset += left
        } else {
            try forEachPiece(of: left) { (_: UnsafeRawBufferPointer) throws(TreeError) in }
        }
    }

    /// Hands over this many bytes, and throws when the archive has fewer.
    func forEachPiece(
        of count: UInt64, _ body: (UnsafeRawBufferPointer) throws(TreeError) -> Void
    ) throws(TreeError) {
        var left = count
        while left > 0 {
            let piece = try next(upTo: Int(clamping: left))
            if piece.isEmpty { throw input.fault(.truncated) }
            left -= UInt64(piece.count)
            try body(piece)
        }
    }
}

/// No compression.
private final class PlainSource: BlockSource {
    private let input: ArchiveInput
    private let buffer = UnsafeMutableRawBufferPointer.allocate(
        byteCount: 256 << 10, alignment: 4096)

    init(_ input: ArchiveInput) {
        self.input = input
    }

    deinit {
        buffer.deallocate()
    }

    func nextBlock() throws(TreeError) -> UnsafeRawBufferPointer {
        let count = try input.read(into: buffer)
        return UnsafeRawBufferPointer(rebasing: buffer[..<count])
    }
}
