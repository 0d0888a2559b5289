/// What becomes of an extended attribute.
public enum XattrClass: Sendable {
    case kept
    case accessControlList
    case leftOut

    public init(_ name: Bytes) {
        if ["user.", "trusted.", "security."].contains(where: { name.starts(with: $0.utf8) }) {
            self = .kept
        } else if name.starts(with: "system.posix_acl_".utf8) {
            self = .accessControlList
        } else {
            self = .leftOut
        }
    }
}
