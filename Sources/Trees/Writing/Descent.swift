internal import CFileAccess
internal import Glibc
internal import SystemPackage

/// A walk down and up the directories below a root. Whatever the tree's depth, few descriptors are
/// open, no path is longer than Linux takes, no link is followed and no mount point entered.
struct Descent: ~Copyable {
    /// How many directories stay open at once.
    private static let openLimit = 64

    private let root: FileDescriptor
    private var names: [Bytes] = []
    /// Of the directories from `names[firstOpen]` on.
    private var open: [FileDescriptor] = []
    private var firstOpen = 0

    /// Takes the descriptor over.
    init(root: FileDescriptor) {
        self.root = root
    }

    deinit {
        for descriptor in open { _ = Glibc.close(descriptor.rawValue) }
        _ = Glibc.close(root.rawValue)
    }

    /// 0 in the root.
    var depth: Int { names.count }
    /// Name of the directory the walk is in; empty in the root.
    var name: Bytes { names.last ?? [] }
    /// The directory the walk is in.
    var current: FileDescriptor { open.last ?? root }

    mutating func enter(_ name: Bytes) throws(Errno) {
        let next = try Self.openDirectory(current, name)
        if open.count == Self.openLimit {
            _ = Glibc.close(open.removeFirst().rawValue)
            firstOpen += 1
        }
        names.append(name)
        open.append(next)
    }

    /// - Precondition: not in the root.
    mutating func leave() throws(Errno) {
        _ = Glibc.close(open.removeLast().rawValue)
        names.removeLast()
        if open.isEmpty && !names.isEmpty { try reopen() }
    }

    /// A directory anywhere below the root. The caller closes it.
    func openDirectory(at path: TreePath) throws(Errno) -> FileDescriptor {
        try Self.openDirectory(below: root, path.components.map(Bytes.init))
    }

    // MARK: Details

    /// The last directories of the walk again, half of what may be open.
    private mutating func reopen() throws(Errno) {
        firstOpen = max(0, names.count - Self.openLimit / 2)
        open.append(try Self.openDirectory(below: root, Array(names[...firstOpen])))
        for name in names[(firstOpen + 1)...] {
            open.append(try Self.openDirectory(current, name))
        }
    }

    /// Pieces of a path, each short enough for one call.
    private static func openDirectory(
        below root: FileDescriptor, _ names: [Bytes]
    ) throws(Errno) -> FileDescriptor {
        var base = root
        defer { if base != root { _ = Glibc.close(base.rawValue) } }
        var piece = Bytes(".".utf8)
        for name in names {
            // PATH_MAX, its NUL included, is 4096 (limits.h).
            if piece.count + 1 + name.count >= 4096 {
                let next = try openDirectory(base, piece)
                if base != root { _ = Glibc.close(base.rawValue) }
                base = next
                piece = Bytes(".".utf8)
            }
            piece += [UInt8(ascii: "/")] + name
        }
        return try openDirectory(base, piece)
    }

    private static func openDirectory(
        _ base: FileDescriptor, _ path: Bytes
    ) throws(Errno) -> FileDescriptor {
        let resolve =
            RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV
        var how = open_how(
            flags: UInt64(O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), mode: 0,
            resolve: UInt64(resolve))
        while true {
            let descriptor = file_openat2(base.rawValue, path.terminated, &how)
            if descriptor >= 0 { return FileDescriptor(rawValue: descriptor) }
            // EAGAIN: something was renamed meanwhile, so that the kernel could not be sure.
            if errno != EINTR && errno != EAGAIN { throw Errno(rawValue: errno) }
        }
    }
}
