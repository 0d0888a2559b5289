/// What the attribute `system.posix_acl_access` holds (linux/posix_acl_xattr.h): version 2, then
/// entries of 8 bytes, little-endian: tag and permissions, 2 bytes each; user or group, 4 bytes.
enum AccessControlList {
    /// The permissions of the owning group, which the mode does not show while there is a list:
    /// there the group's bits are the mask, the most that anybody named in the list may do (acl(5)).
    /// Leaving the list out without them would give the owning group what others were granted.
    static func owningGroupPermissions(in value: Bytes) -> UInt16? {
        guard value.count >= 4, word(value, at: 0) == 2, word(value, at: 2) == 0 else { return nil }
        for entry in stride(from: 4, through: value.count - 8, by: 8)
        where word(value, at: entry) == owningGroupTag {
            return word(value, at: entry + 2) & 0o7
        }
        return nil
    }

    /// ACL_GROUP_OBJ of linux/posix_acl.h.
    private static let owningGroupTag: UInt16 = 4

    private static func word(_ value: Bytes, at offset: Int) -> UInt16 {
        UInt16(value[offset]) | UInt16(value[offset + 1]) << 8
    }
}
