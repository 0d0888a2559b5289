import Glibc
public import SystemPackage
internal import Tools

/// A layer made of packages, as an archive in the cache.
public struct PackageSet: Sendable {
    /// A tar, compressed with zstd. It stays where it is at least as long as this value lives.
    public let archive: FilePath
    /// Everything in it, sorted by bytes.
    public let packages: [DebianPackage]
    /// The archive was there; nothing was downloaded for it.
    public let wasCached: Bool
    /// Why the package lists could not be brought up to date completely, when they could not.
    public let trouble: String?

    private let hold: ArchiveHold

    init(_ archive: HeldArchive, wasCached: Bool, trouble: String? = nil) {
        self.archive = archive.path
        packages = archive.packages
        hold = archive.hold
        self.wasCached = wasCached
        self.trouble = trouble
    }
}

/// An archive of the cache that was found whole.
struct HeldArchive {
    let path: FilePath
    let packages: [DebianPackage]
    let hold: ArchiveHold
}

/// Keeps an archive from being evicted: an open file with a shared flock(2), which ends with us.
final class ArchiveHold: Sendable {
    let file: FileDescriptor

    /// Nil when it is not there, or is being evicted.
    init?(_ path: FilePath) {
        // Whatever keeps an archive from being opened, it is made again.
        let opened = try? FileDescriptor.open(path, .readOnly, options: .closeOnExec)  // as above
        guard let file = opened else { return nil }
        self.file = file
        var status = stat()
        guard flock(file.rawValue, LOCK_SH | LOCK_NB) == 0, fstat(file.rawValue, &status) == 0,
            status.st_nlink > 0
        else { return nil }
    }

    deinit {
        try? file.close()  // Closing only gives up the lock; nothing was written.
    }

    /// Removes an archive unless somebody holds it. Whether it is gone.
    static func removeUnlessHeld(_ path: FilePath) -> Bool {
        // What cannot be opened is held by nobody, and no use to anybody.
        let opened = try? FileDescriptor.open(path, .readOnly, options: .closeOnExec)  // as above
        guard let file = opened else { return true }
        defer { try? file.close() }  // as above
        return flock(file.rawValue, LOCK_EX | LOCK_NB) == 0 && unlink(path.string) == 0
    }
}
