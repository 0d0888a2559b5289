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
private struct ContentKeeper: ~Copyable {
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

/// A layer while its archive is read.
private struct LayerAssembly {
    private let input: ArchiveInput
    private let options: ArchiveOptions
    private var nodes: [Node] = []
    private var nodeOfPath: [TreePath: Int] = [:]

    private var absoluteNames: (first: Bytes, count: Int)?
    private var repeated: (first: TreePath, count: Int)?
    private var droppedLists: (first: TreePath, count: Int)?
    private var leftOut: Set<Bytes> = []
    private var notes: [Note] = []

    init(_ input: ArchiveInput, _ options: ArchiveOptions) {
        self.input = input
        self.options = options
    }

    mutating func readMembers(
        of archive: consuming TarReader, _ keeper: inout ContentKeeper
    ) throws(TreeError) {
        var reader = archive
        while let member = try reader.next() {
            let name = try MemberName(member.name, of: member, in: input)
            if name.isAbsolute { count(&absoluteNames, member.name) }
            if member.kind == .hardLink {
                try link(name.path, member)
            } else {
                let kind = try kind(of: member, at: name.path, &reader, &keeper)
                nodes.append(try node(kind, member, at: name.path))
                try place(name.path, nodes.count - 1, member)
            }
        }
        if let label = reader.volumeLabel {
            notes.append(.archive(.volumeLabel(archive: input.name, label: label)))
        }
    }

    // MARK: Nodes

    private func kind(
        of member: TarMember, at path: TreePath, _ reader: inout TarReader,
        _ keeper: inout ContentKeeper
    ) throws(TreeError) -> Node.Kind {
        switch member.kind {
        case .regular: return .regular(try keeper.keep(member, at: path, from: &reader))
        case .directory: return .directory
        case .characterDevice(let device): return .characterDevice(device)
        case .blockDevice(let device): return .blockDevice(device)
        case .fifo: return .fifo
        case .hardLink: preconditionFailure("a hard link is a name, not a node")
        case .symlink:
            guard (1...4095).contains(member.linkTarget.count) else {
                throw input.fault(
                    .linkTargetLength(byteCount: member.linkTarget.count, limit: 4095),
                    member: member.name)
            }
            return .symlink(target: member.linkTarget)
        }
    }

    private mutating func node(
        _ kind: Node.Kind, _ member: TarMember, at path: TreePath
    ) throws(TreeError) -> Node {
        let owner = options.owner.ownerInArchive(uid: member.uid, gid: member.gid)
        return Node(
            kind, permissions: member.permissions, uid: owner.uid, gid: owner.gid,
            mtimeSeconds: member.mtimeSeconds, xattrs: try xattrs(of: member, at: path))
    }

    private mutating func xattrs(
        of member: TarMember, at path: TreePath
    ) throws(TreeError) -> [Node.Xattr] {
        var kept: [Node.Xattr] = []
        var list = member.accessControlList
        for xattr in member.xattrs {
            switch XattrClass(xattr.name) {
            case .kept: kept.append(xattr)
            case .accessControlList: list = list ?? xattr.name
            case .leftOut:
                if leftOut.insert(xattr.name).inserted {
                    notes.append(.xattrLeftOut(place(path), name: xattr.name))
                }
            }
        }
        if let list {
            guard options.dropsAccessControlLists else {
                throw .accessControlList(place(path), xattr: list)
            }
            count(&droppedLists, path)
        }
        return kept
    }

    private func place(_ path: TreePath) -> HostPlace { HostPlace(tree: input.name, path: path) }

    // MARK: Paths

    private mutating func link(_ path: TreePath, _ member: TarMember) throws(TreeError) {
        let target: MemberName
        do throws(TreeError) {
            target = try MemberName(member.linkTarget, of: member, in: input)
        } catch {
            throw input.fault(.hardLinkOutside(target: member.linkTarget), member: member.name)
        }
        guard let nodeIndex = nodeOfPath[target.path] else {
            throw input.fault(
                .hardLinkTargetMissing(target: member.linkTarget), member: member.name)
        }
        if nodes[nodeIndex].isDirectory {
            throw input.fault(.hardLinkToDirectory(target: member.linkTarget), member: member.name)
        }
        try place(path, nodeIndex, member)
    }

    private mutating func place(
        _ path: TreePath, _ nodeIndex: Int, _ member: TarMember
    ) throws(TreeError) {
        let isDirectory = nodes[nodeIndex].isDirectory
        if path.isRoot && !isDirectory {
            throw input.fault(.rootNotDirectory, member: member.name)
        }
        if let before = nodeOfPath.updateValue(nodeIndex, forKey: path), before != nodeIndex {
            // A directory that is named again gets its metadata again: nothing is lost.
            if !(isDirectory && nodes[before].isDirectory) { count(&repeated, path) }
        }
    }

    private func count<First>(_ counted: inout (first: First, count: Int)?, _ first: First) {
        counted = (counted?.first ?? first, (counted?.count ?? 0) + 1)
    }

    // MARK: The whole

    mutating func finish() throws(TreeError) -> Layer {
        let entries = nodeOfPath.map { Layer.Entry(path: $0.key, nodeIndex: $0.value) }
        let all = Layer(name: input.name, nodes: nodes, entries: entries, notes: allNotes)
        let layer = all.withoutUnusedNodes
        try checkDirectories(of: layer)
        return layer
    }

    /// Nothing may stand below what is no directory. Below a symbolic link it would be somewhere
    /// else, in this tree or out of it.
    private func checkDirectories(of layer: Layer) throws(TreeError) {
        // Sorted paths are a depth-first walk: the last file is above whatever its path begins.
        var above: (path: TreePath, kind: Node.Kind)?
        for entry in layer.entries {
            if let above, entry.path.isBelow(above.path) {
                throw input.fault(
                    .belowNonDirectory(above: above.path, kind: above.kind.noun),
                    member: entry.path.bytes)
            }
            let kind = layer.nodes[entry.nodeIndex].kind
            above = kind == .directory ? nil : (entry.path, kind)
        }
    }

    private var allNotes: [Note] {
        var all = notes
        if let (first, count) = absoluteNames {
            all.append(
                .archive(.leadingSlashes(archive: input.name, first: first, count: count)))
        }
        if let (first, count) = repeated {
            all.append(
                .archive(.repeatedMembers(archive: input.name, first: first, count: count)))
        }
        if let (first, count) = droppedLists {
            all.append(
                .archive(
                    .accessControlListsDropped(archive: input.name, first: first, count: count)))
        }
        return all
    }
}

extension OwnerRule {
    fileprivate func ownerInArchive(uid: UInt32, gid: UInt32) -> (uid: UInt32, gid: UInt32) {
        if case .mapped = self { return (uid, gid) }
        return owner(uid: uid, gid: gid)
    }
}
