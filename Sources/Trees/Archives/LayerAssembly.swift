/// A layer while its archive is read.
struct LayerAssembly {
    private let input: ArchiveInput
    private let options: ArchiveOptions
    private var nodes: [Node] = []
    private var nodeOfPath: [TreePath: Int] = [:]

    private var absoluteNames: (first: Bytes, count: Int)?
    private var repeated: (first: TreePath, count: Int)?
    private var droppedLists: (first: TreePath, count: Int)?
    private var leftOut: Set<Bytes> = []
    private var notes: [Note] = []

    init(_ input: ArchiveInput, _ options: ArchiveOptions) {
        self.input = input
        self.options = options
    }

    mutating func readMembers(
        of archive: consuming TarReader, _ keeper: inout ContentKeeper
    ) throws(TreeError) {
        var reader = archive
        while let member = try reader.next() {
            let name = try MemberName(member.name, of: member, in: input)
            if name.isAbsolute { count(&absoluteNames, member.name) }
            if member.kind == .hardLink {
                try link(name.path, member)
            } else {
                let kind = try kind(of: member, at: name.path, &reader, &keeper)
                nodes.append(try node(kind, member, at: name.path))
                try place(name.path, nodes.count - 1, member)
            }
        }
        if let label = reader.volumeLabel {
            notes.append(.archive(.volumeLabel(archive: input.name, label: label)))
        }
    }

    // MARK: Nodes

    private func kind(
        of member: TarMember, at path: TreePath, _ reader: inout TarReader,
        _ keeper: inout ContentKeeper
    ) throws(TreeError) -> Node.Kind {
        switch member.kind {
        case .regular: return .regular(try keeper.keep(member, at: path, from: &reader))
        case .directory: return .directory
        case .characterDevice(let device): return .characterDevice(device)
        case .blockDevice(let device): return .blockDevice(device)
        case .fifo: return .fifo
        case .hardLink: preconditionFailure("a hard link is a name, not a node")
        case .symlink:
            guard (1...4095).contains(member.linkTarget.count) else {
                throw input.fault(
                    .linkTargetLength(byteCount: member.linkTarget.count, limit: 4095),
                    member: member.name)
            }
            return .symlink(target: member.linkTarget)
        }
    }

    private mutating func node(
        _ kind: Node.Kind, _ member: TarMember, at path: TreePath
    ) throws(TreeError) -> Node {
        let owner = options.owner.ownerInArchive(uid: member.uid, gid: member.gid)
        var node = Node(
            kind, permissions: member.permissions, uid: owner.uid, gid: owner.gid,
            mtimeSeconds: member.mtimeSeconds)
        var lists = member.accessControlLists
        for xattr in member.xattrs.sorted(by: { $0.name.lexicographicallyPrecedes($1.name) }) {
            switch XattrClass(xattr.name) {
            case .kept: node.xattrs.append(xattr)
            case .accessControlList: lists.append(xattr)
            case .leftOut:
                if leftOut.insert(xattr.name).inserted {
                    notes.append(.xattrLeftOut(place(path), name: xattr.name))
                }
            }
        }
        if !lists.isEmpty { try drop(lists, from: &node, at: path) }
        return node
    }

    /// With a list, the group's bits of the mode are the list's mask: without it they must become
    /// what the list says of the owning group, or the group could do more (acl(5)).
    private mutating func drop(
        _ lists: [Node.Xattr], from node: inout Node, at path: TreePath
    ) throws(TreeError) {
        guard options.dropsAccessControlLists else {
            throw .accessControlList(place(path), xattr: lists[0].name)
        }
        count(&droppedLists, path)
        for list in lists {
            if let group = AccessControlList.owningGroupPermissions(inMember: list) {
                node.permissions = node.permissions & ~0o070 | group << 3
            }
        }
    }

    private func place(_ path: TreePath) -> HostPlace { HostPlace(tree: input.name, path: path) }

    // MARK: Paths

    private mutating func link(_ path: TreePath, _ member: TarMember) throws(TreeError) {
        let target: MemberName
        do throws(TreeError) {
            target = try MemberName(member.linkTarget, of: member, in: input)
        } catch {
            throw input.fault(.hardLinkOutside(target: member.linkTarget), member: member.name)
        }
        guard let nodeIndex = nodeOfPath[target.path] else {
            throw input.fault(
                .hardLinkTargetMissing(target: member.linkTarget), member: member.name)
        }
        if nodes[nodeIndex].isDirectory {
            throw input.fault(.hardLinkToDirectory(target: member.linkTarget), member: member.name)
        }
        try place(path, nodeIndex, member)
    }

    private mutating func place(
        _ path: TreePath, _ nodeIndex: Int, _ member: TarMember
    ) throws(TreeError) {
        let isDirectory = nodes[nodeIndex].isDirectory
        if path.isRoot && !isDirectory {
            throw input.fault(.rootNotDirectory, member: member.name)
        }
        if let before = nodeOfPath.updateValue(nodeIndex, forKey: path), before != nodeIndex {
            // A directory that is named again gets its metadata again: nothing is lost.
            if !(isDirectory && nodes[before].isDirectory) { count(&repeated, path) }
        }
    }

    private func count<First>(_ counted: inout (first: First, count: Int)?, _ first: First) {
        counted = (counted?.first ?? first, (counted?.count ?? 0) + 1)
    }

    // MARK: The whole

    mutating func finish() throws(TreeError) -> Layer {
        let entries = nodeOfPath.map { Layer.Entry(path: $0.key, nodeIndex: $0.value) }
        let all = Layer(name: input.name, nodes: nodes, entries: entries, notes: allNotes)
        let layer = all.withoutUnusedNodes
        try checkDirectories(of: layer)
        return layer
    }

    /// Nothing may stand below what is no directory. Below a symbolic link it would be somewhere
    /// else, in this tree or out of it.
    private func checkDirectories(of layer: Layer) throws(TreeError) {
        // Sorted paths are a depth-first walk: the last file is above whatever its path begins.
        var above: (path: TreePath, kind: Node.Kind)?
        for entry in layer.entries {
            if let above, entry.path.isBelow(above.path) {
                throw input.fault(
                    .belowNonDirectory(above: above.path, kind: above.kind.noun),
                    member: entry.path.bytes)
            }
            let kind = layer.nodes[entry.nodeIndex].kind
            above = kind == .directory ? nil : (entry.path, kind)
        }
    }

    private var allNotes: [Note] {
        var all = notes
        if let (first, count) = absoluteNames {
            all.append(
                .archive(.leadingSlashes(archive: input.name, first: first, count: count)))
        }
        if let (first, count) = repeated {
            all.append(
                .archive(.repeatedMembers(archive: input.name, first: first, count: count)))
        }
        if let (first, count) = droppedLists {
            all.append(
                .archive(
                    .accessControlListsDropped(archive: input.name, first: first, count: count)))
        }
        return all
    }
}

extension OwnerRule {
    fileprivate func ownerInArchive(uid: UInt32, gid: UInt32) -> (uid: UInt32, gid: UInt32) {
        if case .mapped = self { return (uid, gid) }
        return owner(uid: uid, gid: gid)
    }
}

extension AccessControlList {
    /// What the owning group may do by a list that acts on access: as text in a record of star's,
    /// or as the kernel has it in an attribute. Nil for lists that files to come inherit.
    fileprivate static func owningGroupPermissions(inMember list: Node.Xattr) -> UInt16? {
        if list.name.elementsEqual("system.posix_acl_access".utf8) {
            return owningGroupPermissions(in: list.value)
        }
        guard list.name.elementsEqual("SCHILY.acl.access".utf8) else { return nil }
        let entries = list.value.split { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\n") }
        guard let group = entries.first(where: { $0.starts(with: "group::".utf8) }) else {
            return nil
        }
        let bits: [(letter: Character, bit: UInt16)] = [("r", 4), ("w", 2), ("x", 1)]
        let letters = group.dropFirst("group::".utf8.count).prefix(3)
        return bits.reduce(0) { letters.contains($1.letter.asciiValue!) ? $0 | $1.bit : $0 }
    }
}
