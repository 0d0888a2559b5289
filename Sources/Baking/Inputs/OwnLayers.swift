internal import SystemPackage
internal import Trees

/// The layers bake adds itself, below everything of the user's.
extension Layer {
    /// The directories PID 1 mounts on: a read-only root cannot be given them at boot.
    static func mountPoints(mtimeSeconds: Int64) -> Layer {
        var layer = Layer(name: "bake")
        for path: TreePath in ["dev", "proc", "run", "sys"] {
            layer.add(.directory(mtimeSeconds: mtimeSeconds), at: path)
        }
        layer.add(.directory(permissions: 0o1777, mtimeSeconds: mtimeSeconds), at: "tmp")
        layer.add(.directory(permissions: 0o700, mtimeSeconds: mtimeSeconds), at: "root")
        return layer
    }

    static let defaultEtcName = "defaults-etc"

    /// The shipped tree as bake's own: root's, of bake's time, with the modes Linux expects,
    /// whatever the installation's checkout or umask made of them.
    static func defaultEtc(
        at path: FilePath, mtimeSeconds: Int64
    ) throws(TreeError) -> Layer {
        let shipped = try Layer.scan(
            directory: path, name: defaultEtcName, options: ScanOptions(owner: .root))
        let nodes = shipped.nodes.map { node in
            var own = node
            own.mtimeSeconds = mtimeSeconds
            own.permissions = node.isDirectory ? 0o755 : 0o644
            own.xattrs = []
            return own
        }
        var layer = Layer(
            name: defaultEtcName, nodes: nodes, entries: shipped.entries, notes: shipped.notes)
        layer.restrict("etc/shadow", permissions: 0o640, gid: Self.shadowGroup)
        return layer
    }

    /// Debian's group `shadow`.
    private static let shadowGroup: UInt32 = 42

    private mutating func restrict(_ path: TreePath, permissions: UInt16, gid: UInt32) {
        guard var node = self[path] else { return }
        node.permissions = permissions
        node.gid = gid
        add(node, at: path)
    }
}
