/// Who owns a file in the image, given who owns it here.
public enum OwnerRule: Sendable, Hashable {
    /// What belongs to `user`, who runs bake, belongs to root in the image, so two people who bake
    /// their own checkouts get the same bytes; everything else keeps its owner. For root that
    /// changes nothing: root's files keep their groups (`/etc/shadow` is root:shadow).
    case mapped(user: UInt32)
    case keep
    case root
    case fixed(uid: UInt32, gid: UInt32)

    public func owner(uid: UInt32, gid: UInt32) -> (uid: UInt32, gid: UInt32) {
        switch self {
        case .mapped(let user) where user != 0 && user == uid: (0, 0)
        case .mapped, .keep: (uid, gid)
        case .root: (0, 0)
        case .fixed(let fixedUid, let fixedGid): (fixedUid, fixedGid)
        }
    }
}
