internal import Glibc
internal import SystemPackage
internal import Trees

extension Baker {
    /// The layers of a request, lowest first: what the guest mounts on, the default /etc, then each
    /// `-R`.
    func readLayers(
        of plan: BakePlan, leavingOut output: HostIdentity?,
        _ progress: (BakeProgress) -> Void
    ) throws(BakeError) -> [Layer] {
        let leftOut = Set([output].compactMap { $0 })
        do throws(TreeError) {
            let time = plan.request.ownTime
            var layers = [Layer.mountPoints(mtimeSeconds: time)]
            switch plan.request.defaultEtc {
            case .none: break
            case .shipped:
                layers.append(
                    try .defaultEtc(at: installation.defaultEtc, mtimeSeconds: time))
            case .directory(let path):
                layers.append(
                    try .scan(
                        directory: FilePath(path), name: path,
                        options: ScanOptions(owner: plan.ownerRule)))
            }
            for tree in plan.request.trees {
                progress(.reading(tree: tree.source))
                layers.append(
                    try .scan(
                        directory: FilePath(tree.source), name: tree.source,
                        options: ScanOptions(owner: plan.ownerRule, leavingOut: leftOut)))
            }
            return layers
        } catch {
            throw BakeError(error)
        }
    }

    /// The merged tree as it goes into the blob, times clamped where that was asked for.
    func merge(_ layers: [Layer], _ request: BakeRequest) throws(BakeError) -> MergedTree {
        do throws(TreeError) {
            let tree = try MergedTree.overlay(
                layers, impliedDirectory: .directory(mtimeSeconds: request.ownTime))
            return request.sourceDateEpoch.map { tree.withTimes(noLaterThan: $0) } ?? tree
        } catch {
            throw BakeError(error)
        }
    }

    func osRelease(of tree: MergedTree) throws(BakeError) -> Bytes {
        do throws(TreeError) {
            return try tree.osRelease()
        } catch {
            throw BakeError(error)
        }
    }
}

extension Layer {
    /// The directories PID 1 mounts on: a read-only root cannot be given them at boot.
    fileprivate static func mountPoints(mtimeSeconds: Int64) -> Layer {
        var layer = Layer(name: "bake")
        for path: TreePath in ["dev", "proc", "run", "sys"] {
            layer.add(.directory(mtimeSeconds: mtimeSeconds), at: path)
        }
        layer.add(.directory(permissions: 0o1777, mtimeSeconds: mtimeSeconds), at: "tmp")
        layer.add(.directory(permissions: 0o700, mtimeSeconds: mtimeSeconds), at: "root")
        return layer
    }

    static let defaultEtcName = "defaults-etc"

    /// The shipped tree as bake's own: root's, of bake's time, with the modes Linux expects, whatever
    /// the installation's checkout or umask made of them.
    fileprivate static func defaultEtc(
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
