// One member of a tar archive, as its headers have it.

import BakeContract

struct ArchiveMember: Equatable {
    enum Kind: Equatable {
        case directory
        /// `byteCount` bytes of contents follow.
        case file(byteCount: UInt64)
        case symbolicLink(target: Bytes)
        case hardLink(to: ArchivePath)
        case characterDevice(major: UInt32, minor: UInt32)
        case blockDevice(major: UInt32, minor: UInt32)
        case pipe
    }

    struct Attribute: Equatable {
        var name: Bytes
        var value: Bytes
    }

    var path: ArchivePath
    var kind: Kind
    /// The bits of 07777.
    var mode: UInt32
    var uid: UInt32
    var gid: UInt32
    var mtimeSeconds: Int64
    var mtimeNanoseconds: Int64
    var attributes: [Attribute]
}

/// A path that leads nowhere but below where it starts: components without `.`, `..`, `/` and NUL.
/// No component: the root.
struct ArchivePath: Equatable {
    let components: [Bytes]

    /// nil for an absolute path, one with `..`, one with a NUL, and an empty one.
    init?(_ name: Bytes) {
        guard !name.isEmpty, name.first != UInt8(ascii: "/"), !name.contains(0) else { return nil }
        var components: [Bytes] = []
        for component in name.split(separator: UInt8(ascii: "/")) {
            if component.elementsEqual(".".bytes) { continue }
            if component.elementsEqual("..".bytes) { return nil }
            components.append(Bytes(component))
        }
        self.components = components
    }

    private init(components: [Bytes]) { self.components = components }

    var isRoot: Bool { components.isEmpty }

    /// Empty for the root.
    var name: Bytes { components.last ?? [] }

    /// The root's is the root.
    var parent: ArchivePath { ArchivePath(components: Array(components.dropLast())) }

    /// Relative; empty for the root.
    var bytes: Bytes {
        var bytes: Bytes = []
        for component in components {
            if !bytes.isEmpty { bytes.append(UInt8(ascii: "/")) }
            bytes += component
        }
        return bytes
    }
}
