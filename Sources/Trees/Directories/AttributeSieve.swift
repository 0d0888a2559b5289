/// Decides which extended attributes a node keeps, and remembers what to say about the others.
struct AttributeSieve {
    private var leftOut: [Bytes: TreePath] = [:]
    private var leftOutInOrder: [Bytes] = []
    private var droppedListCount = 0
    private var firstWithList: TreePath?

    /// - Parameter found: sorted by name.
    mutating func give(
        _ found: [Node.Xattr], to node: inout Node, at place: HostPlace, _ options: ScanOptions
    ) throws(TreeError) {
        var hadList = false
        for xattr in found {
            switch XattrClass(xattr.name) {
            case .kept:
                node.xattrs.append(xattr)
            case .accessControlList:
                guard options.dropsACLs else {
                    throw .accessControlList(place, xattr: xattr.name)
                }
                hadList = true
                Self.drop(xattr, from: &node)
            case .leftOut:
                if leftOut[xattr.name] == nil { leftOutInOrder.append(xattr.name) }
                leftOut[xattr.name] = leftOut[xattr.name] ?? place.path
            }
        }
        if hadList {
            droppedListCount += 1
            firstWithList = firstWithList ?? place.path
        }
    }

    private static func drop(_ list: Node.Xattr, from node: inout Node) {
        guard list.name == Bytes("system.posix_acl_access".utf8),
            let group = AccessControlList.owningGroupPermissions(in: list.value)
        else { return }
        node.permissions = node.permissions & ~0o070 | group << 3
    }

    func notes(in tree: String) -> [Note] {
        var notes: [Note] = leftOutInOrder.map {
            .xattrLeftOut(HostPlace(tree: tree, path: leftOut[$0]!), name: $0)
        }
        if let firstWithList {
            notes.append(
                .accessControlListsDropped(
                    first: HostPlace(tree: tree, path: firstWithList), count: droppedListCount))
        }
        return notes
    }
}
