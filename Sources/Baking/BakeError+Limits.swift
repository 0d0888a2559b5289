internal import Glibc
internal import SystemPackage

extension Errno {
    /// The way out, where what failed ran into a limit of this process or of the machine.
    var hint: String? {
        switch self {
        case .noSpace, .diskQuotaExceeded:
            "the old image stays until the new one is whole; beside it both the new one and its "
                + "blob need room"
        case .fileTooLarge where hasFileLimit:
            "this process may not write longer files: raise 'ulimit -f'"
        case .tooManyOpenFiles: "this process may not open more files: raise 'ulimit -n'"
        default: nil
        }
    }

    private var hasFileLimit: Bool {
        var limit = rlimit()
        // RLIM_INFINITY of bits/resource.h, a macro that does not reach Swift.
        return getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0
            && limit.rlim_cur != rlim_t.max
    }
}

/// Whether there is address space to work with. Where memory ends in the middle of something, the
/// Swift runtime ends the process (swift_slowAlloc), with no word about what it was doing.
enum MemoryCheck {
    /// What the smallest bake reserves: the stacks of its threads and the arenas malloc(3) has for
    /// each, most of it never touched.
    private static let neededByteCount = 256 << 20

    static func check() throws(BakeError) {
        let space = mmap(
            nil, neededByteCount, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
        guard space != MAP_FAILED else {
            throw BakeError(
                .failed,
                "cannot bake: fewer than \(neededByteCount >> 20) MiB of address space are left: "
                    + "\(Errno(rawValue: errno))",
                hint: "raise 'ulimit -v'")
        }
        munmap(space, neededByteCount)
    }
}
