internal import Glibc
internal import SystemPackage
internal import Trees

extension Comparison {
    /// What the image gets for a file of the copy.
    ///
    /// - Parameter origin: what the file was before; nil for a new one. A new one in the place of
    ///   an old one is most often the old one saved by an editor: unless it was given to somebody,
    ///   it belongs to whom the old one belonged.
    mutating func node(
        of file: DirectorySnapshot.File, origin: Int?, at path: TreePath
    ) throws(EditError) -> Node {
        let known = origin ?? predecessor(of: file, at: path)
        let base = known.flatMap { index in
            nodeOfBefore[index].map { Base(file: before.files[index], node: tree.nodes[$0]) }
        }
        let same = origin == nil ? nil : base
        let kind = try kind(of: file, same)
        let hasSameContent = same.map { $0.node.kind == kind } ?? false
        let owner = owner(of: file, base)
        return Node(
            kind, permissions: permissions(of: file, same), uid: owner.uid, gid: owner.gid,
            mtimeSeconds: time(of: file, same),
            xattrs: try xattrs(of: file, same, hasSameContent: hasSameContent, at: path))
    }

    /// A file as it was in the copy, and in the tree.
    private struct Base {
        let file: DirectorySnapshot.File
        let node: Node
    }

    private func predecessor(of file: DirectorySnapshot.File, at path: TreePath) -> Int? {
        guard let index = beforeAtPath[path] else { return nil }
        return before.files[index].kind.isSameKind(as: file.kind) ? index : nil
    }

    private func owner(
        of file: DirectorySnapshot.File, _ base: Base?
    ) -> (uid: UInt32, gid: UInt32) {
        var owner = (uid: owners.user(file.uid), gid: owners.group(file.gid))
        guard let base else { return owner }
        if owner.uid == owners.user(base.file.uid) { owner.uid = base.node.uid }
        if owner.gid == owners.group(base.file.gid) { owner.gid = base.node.gid }
        return owner
    }

    private func permissions(of file: DirectorySnapshot.File, _ same: Base?) -> UInt16 {
        guard let same, same.file.permissions == file.permissions else { return file.permissions }
        return same.node.permissions
    }

    private func time(of file: DirectorySnapshot.File, _ same: Base?) -> Int64 {
        if let same {
            if file.modified == same.file.modified { return same.node.mtimeSeconds }
            // That something came into it or went is no change of a directory.
            if file.kind == .directory, file.modified >= window.lowerBound {
                return same.node.mtimeSeconds
            }
        }
        return window.contains(file.modified) ? ownTime : file.modified.seconds
    }

    // MARK: Content

    private mutating func kind(
        of file: DirectorySnapshot.File, _ same: Base?
    ) throws(EditError) -> Node.Kind {
        guard case .regular(let content) = file.kind else { return file.kind }
        do throws(TreeError) {
            if let same, try hasOldContent(file, content, same) { return same.node.kind }
            return .regular(try spool.keep(content))
        } catch {
            throw .tree(error)
        }
    }

    private func hasOldContent(
        _ file: DirectorySnapshot.File, _ content: Node.Content, _ same: Base
    ) throws(TreeError) -> Bool {
        guard case .regular(let old) = same.node.kind, file.modified == same.file.modified,
            content.byteCount == old.byteCount
        else { return false }
        if file.changed == same.file.changed { return true }
        // Given another mode or name, or written to and given its old time back.
        return try ContentReader.areEqual(content, old)
    }

    // MARK: Attributes

    private mutating func xattrs(
        of file: DirectorySnapshot.File, _ same: Base?, hasSameContent: Bool, at path: TreePath
    ) throws(EditError) -> [Node.Xattr] {
        var kept: [Node.Xattr] = []
        for xattr in file.xattrs where !automaticXattrs.contains(xattr.name) {
            switch XattrClass(xattr.name) {
            case .kept: kept.append(xattr.asSeenInside(owners))
            case .accessControlList: throw .accessControlList(path)
            case .leftOut:
                if xattrsLeftOut.insert(xattr.name).inserted {
                    notes.append(.xattrLeftOut(path, name: xattr.name))
                }
            }
        }
        guard let same else { return kept }
        // What the copy could not be given.
        let given = Set(same.file.xattrs.map(\.name)).subtracting(automaticXattrs)
        for xattr in same.node.xattrs where !given.contains(xattr.name) {
            let isThere = kept.contains { $0.name == xattr.name }
            // The kernel takes capabilities from a file that is written to.
            let isLost = xattr.isAboutContent && !hasSameContent
            if !isThere && !isLost { kept.append(xattr) }
        }
        return kept
    }
}

extension Node.Xattr {
    fileprivate static let capability = Bytes("security.capability".utf8)

    fileprivate var isAboutContent: Bool {
        [Self.capability, Bytes("security.ima".utf8), Bytes("security.evm".utf8)].contains(name)
    }

    /// Capabilities set in a user namespace name its root (capabilities(7), VFS_CAP_REVISION_3);
    /// to the image they are what they are without.
    fileprivate func asSeenInside(_ owners: OwnerMap) -> Node.Xattr {
        // Little-endian: revision in the highest byte, flags; 16 bytes of sets; the root's id.
        guard name == Self.capability, value.count == 24, value[3] == 3 else { return self }
        let root = value[20..<24].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        guard owners.user(root) == 0 else { return self }
        var plain = Bytes(value[..<20])
        plain[3] = 2
        return Node.Xattr(name: name, value: plain)
    }
}
