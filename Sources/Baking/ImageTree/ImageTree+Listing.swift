internal import BakeContract
internal import Trees

/// What is in an image, as `bake ls` shows it.
public struct ImageListing: Sendable {
    /// One path.
    public struct Row: Sendable {
        /// Absolute.
        public let path: [UInt8]
        /// `file`, `directory`, `symlink`, `character-device`, `block-device`, `fifo`, `socket`.
        public let kind: String
        public let permissions: UInt16
        public let uid: UInt32
        public let gid: UInt32
        /// Since 1970.
        public let mtimeSeconds: Int64
        /// Of files alone.
        public let byteCount: UInt64?
        /// Of symbolic links alone.
        public let target: [UInt8]?
        /// Of devices alone.
        public let device: (major: UInt32, minor: UInt32)?
        public let xattrs: [(name: [UInt8], value: [UInt8])]
        /// Equal for hard links.
        public let inode: Int
    }

    /// Sorted by path.
    public let rows: [Row]
    /// One line for each inode among the rows, with all its names: the text form of
    /// docs/trees.md.
    public let lines: [String]
}

extension ImageTree {
    /// - Parameters:
    ///   - paths: what to list, links followed; empty: everything.
    ///   - isRecursive: everything below a directory, else only what is directly in it.
    public func listing(
        of paths: [[UInt8]], isRecursive: Bool
    ) throws(BakeError) -> ImageListing {
        let tree = try tree()
        var isListed = [Bool](repeating: false, count: tree.entries.count)
        for path in paths.isEmpty ? [[]] : paths {
            let (place, _) = try tree.place(of: meant(path, in: tree), image: name)
            for index in tree.entries.indices
            where !isListed[index] && tree.entries[index].path.stands(in: place, isRecursive) {
                isListed[index] = true
            }
        }
        let entries = tree.entries.indices.filter { isListed[$0] }.map { tree.entries[$0] }
        return ImageListing(
            rows: entries.map { ImageListing.Row(tree.node(of: $0), $0) },
            lines: tree.lines(of: entries))
    }
}

extension TreePath {
    /// Whether it is the place or below it; not recursive: not below what is in it.
    fileprivate func stands(in place: TreePath, _ isRecursive: Bool) -> Bool {
        if self == place { return true }
        guard place.isRoot || bytes.starts(with: place.bytes + [UInt8(ascii: "/")]) else {
            return false
        }
        return isRecursive || parent == place
    }
}

extension MergedTree {
    fileprivate func lines(of selected: [Entry]) -> [String] {
        let lines = text.split(separator: "\n")
        // The text has the inodes in the order of their first names.
        var position = [Int?](repeating: nil, count: nodes.count)
        var count = 0
        for entry in entries where position[entry.nodeIndex] == nil {
            position[entry.nodeIndex] = count
            count += 1
        }
        var isShown = [Bool](repeating: false, count: nodes.count)
        var shown: [String] = []
        for entry in selected where !isShown[entry.nodeIndex] {
            isShown[entry.nodeIndex] = true
            shown.append(String(lines[position[entry.nodeIndex]!]))
        }
        return shown
    }
}

extension ImageListing.Row {
    fileprivate init(_ node: Node, _ entry: MergedTree.Entry) {
        path = [UInt8(ascii: "/")] + entry.path.bytes
        permissions = node.permissions
        uid = node.uid
        gid = node.gid
        mtimeSeconds = node.mtimeSeconds
        xattrs = node.xattrs.map { ($0.name, $0.value) }
        inode = entry.nodeIndex
        var byteCount: UInt64?
        var target: [UInt8]?
        var device: (UInt32, UInt32)?
        switch node.kind {
        case .directory: kind = "directory"
        case .regular:
            kind = "file"
            byteCount = node.byteCount
        case .symlink(let bytes):
            kind = "symlink"
            target = bytes
        case .characterDevice(let number):
            kind = "character-device"
            device = (number.major, number.minor)
        case .blockDevice(let number):
            kind = "block-device"
            device = (number.major, number.minor)
        case .fifo: kind = "fifo"
        case .socket: kind = "socket"
        }
        self.byteCount = byteCount
        self.target = target
        self.device = device
    }
}
