internal import SystemPackage

/// An index on its way into a file, in pieces, for the whole of one is longer than what else is
/// known of its files.
struct IndexOutput: ~Copyable {
    private static let pieceByteCount = 64 << 10

    private let output: BlobOutput
    private var offset: UInt64 = 0
    private var piece: [UInt8] = []
    private var digest = StreamedHash()

    /// The descriptor stays the caller's.
    init(_ file: FileDescriptor) {
        output = BlobOutput(file)
        piece.reserveCapacity(Self.pieceByteCount + BlobIndex.fileByteCount)
    }

    /// - Parameter add: appends to what it is given.
    mutating func append(_ add: (inout [UInt8]) -> Void) throws(BlobError) {
        add(&piece)
        if piece.count >= Self.pieceByteCount { try flush() }
    }

    /// Ends it with its digest.
    consuming func finish() throws(BlobError) {
        try flush()
        piece.append(digest.hash())
        try output.write(piece, at: offset)
    }

    private mutating func flush() throws(BlobError) {
        digest.append(piece)
        try output.write(piece, at: offset)
        offset += UInt64(piece.count)
        piece.removeAll(keepingCapacity: true)
    }
}
