/// A merged tree as bytes in a file: ready to become the last part of an image, or of use alone.
public struct Blob: Sendable, Equatable {
    public enum Kind: String, Sendable {
        case squashfs
        case tar
        case newc
    }

    public var kind: Kind
    /// The algorithm's name alone: `zstd`.
    public var compression: String
    /// Length of the file in bytes: data, padding to a multiple of 4096, hash tree.
    public var byteCount: UInt64
    /// Length in bytes of the data without padding and hash tree.
    public var dataByteCount: UInt64
    /// Of all `byteCount` bytes. Nil for kinds that are mounted: the root hash names those.
    public var sha256: [UInt8]?
    /// Nil for kinds that are not mounted.
    public var verity: Verity?
    public var notes: [BlobNote]
    /// Nil where nobody asked for it.
    public var reuse: Reuse.Outcome?
    /// For the blob that is made next.
    public var index: BlobIndexDraft?

    public init(
        kind: Kind, compression: String, byteCount: UInt64, dataByteCount: UInt64,
        sha256: [UInt8]?, verity: Verity?, notes: [BlobNote],
        reuse: Reuse.Outcome? = nil, index: BlobIndexDraft? = nil
    ) {
        self.kind = kind
        self.compression = compression
        self.byteCount = byteCount
        self.dataByteCount = dataByteCount
        self.sha256 = sha256
        self.verity = verity
        self.notes = notes
        self.reuse = reuse
        self.index = index
    }
}

/// How far the writing of a blob has come.
public struct BlobProgress: Sendable, Equatable {
    public var inodesDone = 0
    public var inodeCount: Int
    /// Contents read so far, holes included, in bytes.
    public var bytesDone: UInt64 = 0
    public var byteCount: UInt64

    public init(inodeCount: Int, byteCount: UInt64) {
        self.inodeCount = inodeCount
        self.byteCount = byteCount
    }
}
