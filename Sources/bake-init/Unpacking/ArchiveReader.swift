// A tar archive as a sequence of members: ustar, pax, and GNU's long names. Whatever the bytes
// are, the answer is a member, the end, or an error with its offset.

import BakeContract

struct ArchiveReader<Source: ArchiveSource> {
    /// Of an extended header: what one member's attributes and names can take, with room to spare.
    private var longestExtendedHeader: Int64 { 4 << 20 }

    private var source: Source
    private var window = UnsafeRawBufferPointer(start: nil, count: 0)
    /// Of the next byte, in bytes from the start of the archive.
    private(set) var offset: UInt64 = 0
    /// What is left of the current member's contents, and of the zeros behind them.
    private var contentLeft: UInt64 = 0
    private var paddingLeft: UInt64 = 0
    private var global = ExtendedFields()

    init(_ source: Source) { self.source = source }

    /// nil at the end of the archive. Contents of the member before that nobody read are skipped.
    mutating func next() throws(UnpackError) -> ArchiveMember? {
        try skipContents()
        var fields = global
        while true {
            let start = offset
            let block = try read(HeaderBlock.byteCount)
            if block.allSatisfy({ $0 == 0 }) {
                try drain()
                return nil
            }
            guard let header = HeaderBlock(block) else { throw .damagedHeader(offset: start) }
            switch header.type {
            case UInt8(ascii: "x"), UInt8(ascii: "X"):
                fields = try records(header, over: fields, at: start)
            case UInt8(ascii: "g"):
                global = try records(header, over: global, at: start)
                fields = global
            case UInt8(ascii: "L"):
                fields.path = try longText(header, at: start)
            case UInt8(ascii: "K"):
                fields.linkTarget = try longText(header, at: start)
            default:
                return try member(header, fields, at: start)
            }
        }
    }

    /// The next piece of the contents of the member that `next` returned, valid until the next
    /// call; nil behind the last.
    mutating func nextContents() throws(UnpackError) -> UnsafeRawBufferPointer? {
        if contentLeft > 0 {
            let piece = try take(atMost: contentLeft)
            contentLeft -= UInt64(piece.count)
            return piece
        }
        while paddingLeft > 0 { paddingLeft -= UInt64(try take(atMost: paddingLeft).count) }
        return nil
    }

    private mutating func skipContents() throws(UnpackError) {
        while try nextContents() != nil {}
    }
}

extension ArchiveReader {
    private mutating func member(
        _ header: HeaderBlock, _ fields: ExtendedFields, at start: UInt64
    ) throws(UnpackError) -> ArchiveMember {
        if fields.isSparse { throw .sparse(offset: start) }
        let name = fields.path ?? header.name
        guard let path = ArchivePath(name) else { throw .unsafeName(name, offset: start) }
        let kind = try kind(header, fields, name: name, at: start)
        if path.isRoot, kind != .directory { throw .unsafeName(name, offset: start) }
        guard let mode = header.mode else { throw .malformed(.mode, offset: start) }
        guard let seconds = fields.mtimeSeconds ?? header.mtime else {
            throw .malformed(.mtime, offset: start)
        }
        if case .file(let byteCount) = kind { expectContents(byteCount) }
        return ArchiveMember(
            path: path, kind: kind, mode: UInt32(truncatingIfNeeded: mode) & 0o7777,
            uid: try owner(fields.uid ?? header.uid, .uid, at: start),
            gid: try owner(fields.gid ?? header.gid, .gid, at: start),
            mtimeSeconds: seconds, mtimeNanoseconds: fields.mtimeNanoseconds,
            attributes: fields.attributes)
    }

    private func kind(
        _ header: HeaderBlock, _ fields: ExtendedFields, name: Bytes, at start: UInt64
    ) throws(UnpackError) -> ArchiveMember.Kind {
        let target = fields.linkTarget ?? header.linkTarget
        guard let signed = fields.byteCount ?? header.byteCount,
            let byteCount = UInt64(exactly: signed), byteCount < 1 << 62
        else { throw .malformed(.size, offset: start) }
        switch header.type {
        // Before POSIX a directory was a file whose name ends with a slash.
        case 0 where name.last == UInt8(ascii: "/"): return .directory
        case 0, UInt8(ascii: "0"), UInt8(ascii: "7"): return .file(byteCount: byteCount)
        case UInt8(ascii: "1"):
            // Programs do not agree on whether contents follow a link that has a length.
            guard byteCount == 0 else { throw .malformed(.size, offset: start) }
            guard let path = ArchivePath(target), !path.isRoot else {
                throw .unsafeName(target, offset: start)
            }
            return .hardLink(to: path)
        case UInt8(ascii: "2"):
            guard !target.isEmpty, !target.contains(0) else {
                throw .malformed(.linkTarget, offset: start)
            }
            return .symbolicLink(target: target)
        case UInt8(ascii: "3"):
            let device = try device(header, at: start)
            return .characterDevice(major: device.major, minor: device.minor)
        case UInt8(ascii: "4"):
            let device = try device(header, at: start)
            return .blockDevice(major: device.major, minor: device.minor)
        case UInt8(ascii: "5"): return .directory
        case UInt8(ascii: "6"): return .pipe
        case UInt8(ascii: "S"): throw .sparse(offset: start)
        default: throw .unsupportedType(header.type, offset: start)
        }
    }

    private func owner(
        _ value: Int64?, _ field: ArchiveField, at start: UInt64
    ) throws(UnpackError) -> UInt32 {
        // The highest number means "leave it" to chown(2).
        guard let value, let id = UInt32(exactly: value), id != UInt32.max else {
            throw .malformed(field, offset: start)
        }
        return id
    }

    private func device(
        _ header: HeaderBlock, at start: UInt64
    ) throws(UnpackError) -> (major: UInt32, minor: UInt32) {
        guard let major = header.deviceMajor, let minor = header.deviceMinor,
            major >= 0, major <= 4095, minor >= 0, minor <= 1_048_575
        else { throw .malformed(.device, offset: start) }
        return (UInt32(major), UInt32(minor))
    }

    private mutating func records(
        _ header: HeaderBlock, over fields: ExtendedFields, at start: UInt64
    ) throws(UnpackError) -> ExtendedFields {
        var fields = fields
        guard fields.take(records: try smallContents(header, at: start)) else {
            throw .malformed(.extendedHeader, offset: start)
        }
        return fields
    }

    /// GNU's `././@LongLink`: a name that ends with a NUL.
    private mutating func longText(
        _ header: HeaderBlock, at start: UInt64
    ) throws(UnpackError) -> Bytes {
        Bytes(try smallContents(header, at: start).prefix { $0 != 0 })
    }

    private mutating func smallContents(
        _ header: HeaderBlock, at start: UInt64
    ) throws(UnpackError) -> Bytes {
        guard let byteCount = header.byteCount, byteCount >= 0,
            byteCount <= longestExtendedHeader
        else { throw .malformed(.extendedHeader, offset: start) }
        expectContents(UInt64(byteCount))
        let contents = try read(Int(byteCount))
        contentLeft = 0
        try skipContents()
        return contents
    }

    private mutating func expectContents(_ byteCount: UInt64) {
        let block = UInt64(HeaderBlock.byteCount)
        contentLeft = byteCount
        paddingLeft = (block - byteCount % block) % block
    }
}

extension ArchiveReader {
    /// At least one byte, at most `limit`.
    private mutating func take(
        atMost limit: UInt64
    ) throws(UnpackError) -> UnsafeRawBufferPointer {
        if window.isEmpty {
            window = try source.next()
            if window.isEmpty { throw .archiveEndsEarly(offset: offset) }
        }
        let count = Int(min(limit, UInt64(window.count)))
        let piece = UnsafeRawBufferPointer(rebasing: window[..<count])
        window = UnsafeRawBufferPointer(rebasing: window[count...])
        offset += UInt64(count)
        return piece
    }

    private mutating func read(_ byteCount: Int) throws(UnpackError) -> Bytes {
        var bytes: Bytes = []
        bytes.reserveCapacity(min(byteCount, 1 << 16))
        while bytes.count < byteCount {
            bytes += try take(atMost: UInt64(byteCount - bytes.count))
        }
        return bytes
    }

    /// To the end of the source, for the checksum that stands there. What follows a block of
    /// zeros is no part of the archive.
    private mutating func drain() throws(UnpackError) {
        repeat {
            offset += UInt64(window.count)
            window = try source.next()
        } while !window.isEmpty
    }
}
