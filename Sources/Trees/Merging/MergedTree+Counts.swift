extension MergedTree {
    public struct Counts: Sendable, Equatable {
        public var directories = 0
        /// Regular files, each node once.
        public var files = 0
        public var symlinks = 0
        public var devices = 0
        /// Named pipes and sockets.
        public var others = 0
        /// Names beyond the first of a node.
        public var hardLinks = 0
        /// Files of lower layers that a later layer hides.
        public var hidden = 0
        /// Contents of regular files, each node once, holes included.
        public var contentByteCount: UInt64 = 0
    }

    public var counts: Counts {
        var counts = Counts()
        counts.hardLinks = entries.count - nodes.count
        counts.hidden = entries.hidden.values.reduce(0) { $0 + $1.count }
        for index in nodes.indices {
            if let byteCount = contentByteCount(node: index) {
                counts.files += 1
                counts.contentByteCount += byteCount
            } else {
                count(nodes[index].kind, in: &counts)
            }
        }
        return counts
    }

    private func count(_ kind: Node.Kind, in counts: inout Counts) {
        switch kind {
        case .directory: counts.directories += 1
        case .regular: counts.files += 1
        case .symlink: counts.symlinks += 1
        case .characterDevice, .blockDevice: counts.devices += 1
        case .fifo, .socket: counts.others += 1
        }
    }
}
