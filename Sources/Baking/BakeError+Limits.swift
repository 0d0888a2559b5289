internal import Glibc
internal import SystemPackage

extension Errno {
    /// The way out, where what failed ran into a limit of this process or of the machine.
    var hint: String? {
        switch self {
        case .noSpace, .diskQuotaExceeded:
            "the old image stays until the new one is whole: there must be room for both"
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
