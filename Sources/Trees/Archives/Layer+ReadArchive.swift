public import SystemPackage

/// How an archive is read, beyond which one.
public struct ArchiveOptions: Sendable {
    /// Which contents are kept. A content that is not has its length and its holes; reading it is
    /// `TreeError.contentNotKept`.
    public enum Contents: Sendable {
        case all
        /// For listings: nothing is written, so no scratch directory is needed.
        case none
        /// By the member's path: a hard link's content goes by the first of its names.
        case wanted(@Sendable (TreePath) -> Bool)
    }

    /// `mapped` means nothing here: an archive's numbers are the same on every machine, and so is
    /// what is baked from it, whoever bakes.
    public var owner: OwnerRule = .keep
    /// Members lose their POSIX access control lists, with a note, instead of being refused.
    public var dropsAccessControlLists = false
    public var contents = Contents.all
    /// A plain archive without an end mark is refused as possibly cut short, unless its bytes are
    /// known to be all there, by a digest for instance.
    public var isKnownWhole = false

    public init() {}
}

extension Layer {
    /// Reads a tar archive of this machine: plain, or with gzip, zstd, xz, lz4 or bzip2.
    ///
    /// Names are bytes and stay what they are. Contents go into a nameless file; nothing is ever
    /// unpacked, so no member can lead anywhere. What the archive says wrongly is refused with the
    /// member's name, and whole: there is no partial layer.
    ///
    /// - Parameters:
    ///   - name: the archive as the user wrote it, for messages.
    ///   - scratch: a directory with room for the contents; nothing is left in it.
    public static func read(
        archive: FilePath, name: String, scratch: FilePath,
        options: ArchiveOptions = ArchiveOptions()
    ) throws(TreeError) -> Layer {
        try read(try ArchiveInput(opening: archive, name: name), scratch, options)
    }

    /// Reads an archive that is a piece of an open file, such as an image's layer. Zeros behind a
    /// compressed archive are no harm. The descriptor stays the caller's.
    public static func read(
        archive: FileDescriptor, bytes: Range<UInt64>, name: String, scratch: FilePath,
        options: ArchiveOptions = ArchiveOptions()
    ) throws(TreeError) -> Layer {
        try read(try ArchiveInput(archive, bytes: bytes, name: name), scratch, options)
    }

    private static func read(
        _ input: ArchiveInput, _ scratch: FilePath, _ options: ArchiveOptions
    ) throws(TreeError) -> Layer {
        do throws(TreeError) {
            let reader = TarReader(
                try ArchiveStream(input), isKnownWhole: options.isKnownWhole)
            var keeper = try ContentKeeper(input.name, scratch, options.contents)
            var assembly = LayerAssembly(input, options)
            try assembly.readMembers(of: reader, &keeper)
            let layer = try assembly.finish()
            try input.checkUnchanged()
            return layer
        } catch {
            // A file that changes looks damaged; that it changed is the better reason.
            try input.checkUnchanged()
            throw error
        }
    }
}

/// Where contents go.
struct ContentKeeper: ~Copyable {
    private var spool: ContentSpool?
    private let listing: ContentStore
    private let contents: ArchiveOptions.Contents

    init(
        _ name: String, _ scratch: FilePath, _ contents: ArchiveOptions.Contents
    ) throws(TreeError) {
        self.contents = contents
        listing = ContentStore(listing: name)
        if case .none = contents {
            spool = nil
        } else {
            spool = try ContentSpool(for: name, in: scratch)
        }
    }

    mutating func keep(
        _ member: TarMember, at path: TreePath, from reader: inout TarReader
    ) throws(TreeError) -> Node.Content {
        guard isWanted(path), spool != nil else { return listed(member) }
        spool!.begin(byteCount: member.byteCount)
        try reader.forEachPiece(of: member) { (bytes, offset) throws(TreeError) in
            try spool!.append(bytes, at: offset)
        }
        return spool!.end()
    }

    private func isWanted(_ path: TreePath) -> Bool {
        switch contents {
        case .all: true
        case .none: false
        case .wanted(let isWanted): isWanted(path)
        }
    }

    private func listed(_ member: TarMember) -> Node.Content {
        let extents = member.pieces.filter { $0.byteCount > 0 }.map {
            StoredContent.Extent(offset: $0.offset, storeOffset: 0, byteCount: $0.byteCount)
        }
        return .stored(
            StoredContent(store: listing, byteCount: member.byteCount, extents: extents))
    }
}
