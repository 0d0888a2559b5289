internal import Glibc
internal import Trees

extension SquashFS {
    private static let longestName = 255
    /// What readlink(2) returns at most on Linux.
    private static let longestTarget = 4095
    private static let mostOwners = 65535

    /// Everything the format or the kernel cannot hold, before a byte is written; libsquashfs
    /// checks none of it.
    static func checkLimits(
        of tree: MergedTree, _ options: Options
    ) throws(BlobError) -> [BlobNote] {
        let size = options.blockSize
        guard size >= 4096, size <= 1 << 20, size & (size - 1) == 0 else {
            throw .badBlockSize(size)
        }
        guard tree.nodes.count < Int(UInt32.max) else {
            throw .tooManyInodes(count: tree.nodes.count)
        }
        var owners: Set<UInt32> = []
        var clamped = ClampedTimes()
        for entry in tree.entries {
            let node = tree.outline(node: entry.nodeIndex)
            owners.insert(node.uid)
            owners.insert(node.gid)
            try check(entry.path, node)
            clamped.add(entry, node)
        }
        guard owners.count <= mostOwners else {
            throw .tooManyOwners(count: owners.count, limit: mostOwners)
        }
        return clamped.notes
    }

    private static func check(_ path: TreePath, _ inode: NodeOutline) throws(BlobError) {
        let nameCount = path.bytes.count - (path.bytes.lastIndex(of: UInt8(ascii: "/")) ?? -1) - 1
        guard nameCount <= longestName else {
            throw .nameTooLong(path, byteCount: nameCount, limit: longestName)
        }
        for xattr in inode.xattrs
        where !["user.", "trusted.", "security."].contains(where: {
            xattr.name.starts(with: $0.utf8)
        }) {
            throw .xattrNamespace(path, name: xattr.name)
        }
        switch inode.kind {
        case .symlink(let target):
            guard (1...longestTarget).contains(target.count) else {
                throw .linkTargetLength(path, byteCount: target.count, limit: longestTarget)
            }
        case .characterDevice(let device) where device.major == 0 && device.minor == 0:
            throw .whiteout(path)
        case .characterDevice(let device), .blockDevice(let device):
            guard device.major <= 4095, device.minor <= 1_048_575 else {
                throw .deviceNumber(path, device)
            }
        default: break
        }
    }
}

/// Files whose times the format cannot hold.
private struct ClampedTimes {
    private var first: TreePath?
    private var nodes: Set<Int> = []

    mutating func add(_ entry: MergedTree.Entry, _ node: NodeOutline) {
        if (0...Int64(UInt32.max)).contains(node.mtimeSeconds) { return }
        first = first ?? entry.path
        nodes.insert(entry.nodeIndex)
    }

    var notes: [BlobNote] {
        first.map { [.timesClamped(first: $0, count: nodes.count)] } ?? []
    }
}

extension SquashFS.Options {
    var workers: Int { max(1, workerCount ?? Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }
}
