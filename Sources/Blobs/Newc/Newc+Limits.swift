internal import Trees

extension Newc {
    /// NAME_MAX of linux/limits.h, which holds in the kernel's root file system too.
    private static let longestName = 255
    /// PATH_MAX of linux/limits.h, without the NUL. Longer ones the kernel's unpacker (init/initramfs.c,
    /// do_header) skips without a word.
    private static let longestPath = 4095

    /// Everything that the format, or the kernel as it unpacks an archive, cannot hold: before a
    /// byte is written.
    static func checkLimits(of tree: MergedTree, _ options: Options) throws(BlobError) -> [BlobNote]
    {
        guard tree.nodes.count < Int(UInt32.max) else {
            throw .tooManyInodes(count: tree.nodes.count)
        }
        for entry in tree.entries { try check(entry.path, tree.node(of: entry)) }
        return try [attributes(of: tree, options), clampedTimes(of: tree)].compactMap { $0 }
    }

    private static func check(_ path: TreePath, _ node: Node) throws(BlobError) {
        let nameByteCount = path.name.count
        guard nameByteCount <= longestName else {
            throw .nameTooLong(path, byteCount: nameByteCount, limit: longestName)
        }
        guard path.bytes.count <= longestPath else {
            throw .pathTooLong(path, byteCount: path.bytes.count, limit: longestPath)
        }
        guard path.bytes != NewcHeader.trailer.name else { throw .endMarker(path) }
        switch node.kind {
        case .regular(let content):
            guard content.byteCount <= UInt64(UInt32.max) else {
                throw .fileTooLarge(path, byteCount: content.byteCount)
            }
        case .symlink(let target):
            guard (1...longestPath).contains(target.count) else {
                throw .linkTargetLength(path, byteCount: target.count, limit: longestPath)
            }
        case .characterDevice(let device), .blockDevice(let device):
            guard device.major <= 4095, device.minor <= 1_048_575 else {
                throw .deviceNumber(path, device)
            }
        case .directory, .fifo, .socket: break
        }
    }

    /// The format has no place for extended attributes: an error, unless they are to be left out.
    private static func attributes(
        of tree: MergedTree, _ options: Options
    ) throws(BlobError) -> BlobNote? {
        let carriers = tree.firstNames { !$0.xattrs.isEmpty }
        guard let first = carriers.first else { return nil }
        guard options.dropsXattrs else {
            throw .xattrs(
                first: first, name: tree[first]!.xattrs[0].name, count: carriers.count)
        }
        return .xattrsLeftOut(first: first, count: carriers.count)
    }

    private static func clampedTimes(of tree: MergedTree) -> BlobNote? {
        let clamped = tree.firstNames { !(0...Int64(UInt32.max)).contains($0.mtimeSeconds) }
        return clamped.first.map { .timesClamped(first: $0, count: clamped.count) }
    }
}

extension MergedTree {
    /// The first name of each node that is like that, sorted.
    fileprivate func firstNames(where isWanted: (Node) -> Bool) -> [TreePath] {
        var seen: Set<Int> = []
        return entries.filter { isWanted(node(of: $0)) && seen.insert($0.nodeIndex).inserted }
            .map(\.path)
    }
}
