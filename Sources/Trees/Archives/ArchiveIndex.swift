internal import Glibc
public import SystemPackage

/// Where an archive's members stand, for archives whose members are read one by one: an image in a
/// tar archive, whose layers are archives again.
///
/// The archive is not unpacked. A compressed one is decompressed into a nameless file first, which
/// is gone with the index.
public final class ArchiveIndex: Sendable {
    public enum Member: Sendable, Equatable {
        /// Which bytes of `descriptor` are its contents.
        case file(Range<UInt64>)
        case symlink(target: Bytes)
        case other
    }

    /// The open archive, without compression; closed with the index.
    public let descriptor: FileDescriptor
    public let members: [TreePath: Member]

    private init(_ descriptor: FileDescriptor, _ members: [TreePath: Member]) {
        self.descriptor = descriptor
        self.members = members
    }

    deinit {
        _ = Glibc.close(descriptor.rawValue)
    }

    /// - Parameters:
    ///   - name: the archive as the user wrote it, for messages.
    ///   - scratch: a directory with room for the archive, should it be compressed.
    public static func read(
        archive: FilePath, name: String, scratch: FilePath
    ) throws(TreeError) -> ArchiveIndex {
        let input = try ArchiveInput(opening: archive, name: name)
        do throws(TreeError) {
            let stream = try ArchiveStream(input)
            if stream.filter == .none { return try read(stream) }
            let plain = try spool(stream, scratch)
            try input.checkUnchanged()
            return try read(try ArchiveStream(plain), isKnownWhole: true)
        } catch {
            try input.checkUnchanged()
            throw error
        }
    }

    private static func spool(
        _ stream: ArchiveStream, _ scratch: FilePath
    ) throws(TreeError) -> ArchiveInput {
        var spool = try ContentSpool(for: stream.input.name, in: scratch)
        spool.begin(byteCount: .max)
        while true {
            let block = try stream.next(upTo: .max)
            if block.isEmpty { break }
            try spool.append(block, at: stream.offset - UInt64(block.count))
        }
        guard case .stored(let content) = spool.end() else {
            preconditionFailure("a spool's content is stored")
        }
        return try ArchiveInput(
            content.store.descriptor, bytes: 0..<stream.offset, name: stream.input.name)
    }

    private static func read(
        _ stream: ArchiveStream, isKnownWhole: Bool = false
    ) throws(TreeError) -> ArchiveIndex {
        let input = stream.input
        var reader = TarReader(stream, isKnownWhole: isKnownWhole)
        var members: [TreePath: Member] = [:]
        while let member = try reader.next() {
            let path = try MemberName(member.name, of: member, in: input).path
            members[path] =
                switch member.kind {
                case .regular where member.hasNoHoles:
                    .file(member.dataOffset..<(member.dataOffset + member.byteCount))
                case .symlink: .symlink(target: member.linkTarget)
                case .hardLink:
                    members[try MemberName(member.linkTarget, of: member, in: input).path] ?? .other
                default: .other
                }
        }
        try input.checkUnchanged()
        return ArchiveIndex(try input.duplicateDescriptor(), members)
    }
}

extension TarMember {
    fileprivate var hasNoHoles: Bool {
        pieces.count == 1 && pieces[0].offset == 0 && pieces[0].byteCount == byteCount
    }
}

extension ArchiveFilter {
    /// Hands over a piece of an open file as it was before compression, block by block: what the
    /// digest of an image's layer is taken of. The descriptor stays the caller's.
    ///
    /// - Parameter name: for messages.
    public static func decompress(
        _ file: FileDescriptor, bytes: Range<UInt64>, name: String,
        _ body: (UnsafeRawBufferPointer) -> Void
    ) throws(TreeError) {
        let stream = try ArchiveStream(try ArchiveInput(file, bytes: bytes, name: name))
        while true {
            let block = try stream.next(upTo: .max)
            if block.isEmpty { return }
            body(block)
        }
    }
}
