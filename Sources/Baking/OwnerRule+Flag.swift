internal import Glibc
internal import Trees

extension OwnerRule {
    /// `--owner mapped|keep|root|UID:GID`.
    init(flag: String) throws(BakeError) {
        switch flag {
        case "mapped": self = .mapped(user: geteuid())
        case "keep": self = .keep
        case "root": self = .root
        default:
            let numbers = flag.split(separator: ":", omittingEmptySubsequences: false)
                .map { UInt32($0) }
            guard numbers.count == 2, let uid = numbers[0], let gid = numbers[1] else {
                throw BakeError(
                    .malformedInput, "--owner is mapped, keep, root or UID:GID, not '\(flag)'")
            }
            self = .fixed(uid: uid, gid: gid)
        }
    }
}
