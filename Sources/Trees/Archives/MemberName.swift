/// Where a member of an archive belongs, by its name there.
struct MemberName {
    let path: TreePath
    /// The name began with `/`, which is dropped, as tar does.
    let isAbsolute: Bool

    /// Drops slashes that say nothing, and `.`; refuses what names no place in a tree.
    init(_ name: Bytes, of member: TarMember, in input: ArchiveInput) throws(TreeError) {
        if name.isEmpty { throw input.fault(.emptyName, member: member.name) }
        isAbsolute = name.first == UInt8(ascii: "/")
        var path = TreePath.root
        for component in name.split(separator: UInt8(ascii: "/")) {
            if component.elementsEqual(".".utf8) { continue }
            if component.elementsEqual("..".utf8) {
                throw input.fault(.namesParent, member: member.name)
            }
            // NAME_MAX of linux/limits.h. squashfs takes longer names, and the kernel then refuses
            // the directory.
            guard component.count <= 255 else {
                throw input.fault(
                    .nameTooLong(byteCount: component.count, limit: 255), member: member.name)
            }
            path = path.appending(component)
        }
        self.path = path
    }
}
