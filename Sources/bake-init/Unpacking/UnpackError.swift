// Why a tar blob did not become a tree.

import BakeContract

enum UnpackError: Error, Equatable {
    /// The blob, at an offset in bytes from its start.
    case cannotRead(offset: UInt64, Errno)
    case blobEndsEarly(offset: UInt64)
    /// It begins neither as an archive nor as anything that is unpacked.
    case unknownCompression
    /// What the decompressor's library found, in its own words.
    case damagedStream(offset: UInt64, error: Bytes)
    case bytesBehindStream(offset: UInt64)
    /// The stream asks for more than `Decoder.windowByteCountLimit`.
    case streamTakesTooMuchMemory
    /// The decompressor did not get what it needs.
    case noMemoryForStream

    /// The archive; offsets count from the start of what the stream holds.
    case archiveEndsEarly(offset: UInt64)
    /// The sum over a header's bytes is not the one it names.
    case damagedHeader(offset: UInt64)
    case malformed(ArchiveField, offset: UInt64)
    case unsupportedType(UInt8, offset: UInt64)
    /// Contents with holes, in one of GNU tar's own encodings.
    case sparse(offset: UInt64)
    /// Absolute, with `..` in it, with a NUL, or no name at all.
    case unsafeName(Bytes, offset: UInt64)

    case cannotOpen(Bytes, Errno)
    /// A directory above the path is a symbolic link.
    case throughSymbolicLink(Bytes)
    case cannotMake(ArchiveAction, Bytes, Errno)
    /// The file system in memory is full. What the whole tree takes, in bytes.
    case notEnoughMemory(neededByteCount: UInt64)

    var description: String {
        switch self {
        case .cannotRead(let offset, let errno):
            "cannot read the archive at byte \(offset): \(errno.text)"
        case .blobEndsEarly(let offset): "the archive is cut off at byte \(offset)"
        case .unknownCompression: "the archive is neither tar nor lz4, zstd, gzip or xz"
        case .damagedStream(let offset, let error):
            "the compressed archive is damaged before byte \(offset): \(error.shown)"
        case .bytesBehindStream(let offset):
            "the compressed archive is over at byte \(offset), but other bytes follow"
        case .streamTakesTooMuchMemory:
            "the compressed archive takes more than \(Decoder.windowByteCountLimit >> 20) MB of"
                + " memory to unpack"
        case .noMemoryForStream: "not enough memory to unpack the compressed archive"
        case .archiveEndsEarly(let offset): "the unpacked archive is cut off at byte \(offset)"
        case .damagedHeader(let offset):
            "the header at byte \(offset) of the unpacked archive is damaged"
        case .malformed(let field, let offset):
            "the header at byte \(offset) of the unpacked archive has no valid \(field.text)"
        case .unsupportedType(let type, let offset):
            "the member at byte \(offset) of the unpacked archive is of an unknown type:"
                + " \([type].shown)"
        case .sparse(let offset):
            "the member at byte \(offset) of the unpacked archive is a sparse file"
        case .unsafeName(let name, let offset):
            "the member at byte \(offset) of the unpacked archive has a name that may not be"
                + " unpacked: '\(name.shown)'"
        case .cannotOpen(let path, let errno): "cannot open \(path.shown): \(errno.text)"
        case .throughSymbolicLink(let path):
            "cannot unpack '\(path.shown)': a directory above it is a symbolic link"
        case .cannotMake(let action, let path, let errno):
            "cannot \(action.text) '\(path.shown)': \(errno.text)"
        case .notEnoughMemory(let byteCount):
            "not enough memory to unpack the tree: \((byteCount + (1 << 20) - 1) >> 20) MB needed"
        }
    }
}

/// What of a header can be wrong.
enum ArchiveField: Equatable {
    case mode, uid, gid, size, mtime, device, extendedHeader, linkTarget

    var text: String {
        switch self {
        case .mode: "mode"
        case .uid: "uid"
        case .gid: "gid"
        case .size: "size"
        case .mtime: "mtime"
        case .device: "device number"
        case .extendedHeader: "extended header"
        case .linkTarget: "link target"
        }
    }
}

enum ArchiveAction: Equatable {
    case makeDirectory, makeFile, writeFile, makeSymbolicLink, makeHardLink, makeDevice, makePipe
    case setOwner, setMode, setTime, setAttribute

    var text: String {
        switch self {
        case .makeDirectory: "make the directory"
        case .makeFile: "make the file"
        case .writeFile: "write the file"
        case .makeSymbolicLink: "make the symbolic link"
        case .makeHardLink: "make the hard link"
        case .makeDevice: "make the device"
        case .makePipe: "make the named pipe"
        case .setOwner: "set the owner of"
        case .setMode: "set the mode of"
        case .setTime: "set the time of"
        case .setAttribute: "set an extended attribute of"
        }
    }
}
