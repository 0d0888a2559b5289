extension MergedTree {
    /// Lays layers over each other, lowest first. Pure: nothing is opened.
    ///
    /// - A directory over a directory: one directory with the contents of both and the later
    ///   one's owner, mode, time and attributes.
    /// - A file (link, device, ...) over a file: the later one hides the earlier.
    /// - One over the other: `TreeError.typeConflict`, for the image would silently lack files.
    /// - A directory over a symbolic link: what the layer has below it goes where the link leads
    ///   when that is a directory of the merged tree (a distribution's `/bin -> usr/bin` under an
    ///   application's `bin/`); else the directory replaces the link, with a note. Links are
    ///   followed as programs in the image would see them: never outside.
    ///
    /// - Parameter impliedDirectory: what stands where a layer has a path but no directory above
    ///   it, the root included.
    public static func overlay(
        _ layers: [Layer], impliedDirectory: Node = .directory()
    ) throws(TreeError) -> MergedTree {
        var overlay = Overlay(impliedDirectory: impliedDirectory, layerNames: layers.map(\.name))
        for (index, layer) in layers.enumerated() {
            try overlay.lay(layer, index: index)
        }
        return overlay.finish()
    }
}

/// The merged tree while it grows.
private struct Overlay {
    let impliedDirectory: Node
    let layerNames: [String]
    var nodes: [Node] = []
    var entries: [MergedTree.Entry] = []
    /// Path to position in `entries`.
    var positions: [TreePath: Int] = [:]
    /// Files with several names, by what they are on this machine: one group across layers.
    var nodeOfIdentity: [HostIdentity: Int] = [:]
    var notes: [Note] = []

    /// Where the directories of the layer being laid went.
    var placed: [TreePath: TreePath] = [:]
    /// Its nodes' positions in `nodes`, where they have one by now.
    var nodeOfLayer: [Int?] = []

    init(impliedDirectory: Node, layerNames: [String]) {
        self.impliedDirectory = impliedDirectory
        self.layerNames = layerNames
        append(.root, nodeIndex: add(impliedDirectory), layer: nil)
    }

    mutating func lay(_ layer: Layer, index: Int) throws(TreeError) {
        notes += layer.notes
        placed = [.root: .root]
        nodeOfLayer = Array(repeating: nil, count: layer.nodes.count)
        positions.reserveCapacity(positions.count + layer.entries.count)
        for entry in layer.entries {
            let node = layer.nodes[entry.nodeIndex]
            if node.isDirectory {
                let path = try directory(entry.path, of: layer, index: index)
                let position = positions[path]!
                nodes[entries[position].nodeIndex] = node
                entries[position].layerIndex = index
            } else {
                try place(entry, node, of: layer, index: index)
            }
        }
    }

    mutating func finish() -> MergedTree {
        positions = [:]
        placed = [:]
        entries.sort { $0.path < $1.path }
        var used = [Int?](repeating: nil, count: nodes.count)
        var kept: [Node] = []
        kept.reserveCapacity(nodes.count)
        // Nodes whose every name is hidden go; the others are numbered by their first name.
        for index in entries.indices {
            let old = entries[index].nodeIndex
            if used[old] == nil {
                used[old] = kept.count
                kept.append(nodes[old])
            }
            entries[index].nodeIndex = used[old]!
        }
        return MergedTree(layerNames: layerNames, nodes: kept, entries: entries, notes: notes)
    }

    // MARK: Files

    private mutating func place(
        _ entry: Layer.Entry, _ node: Node, of layer: Layer, index: Int
    ) throws(TreeError) {
        let parent = try directory(entry.path.parent ?? .root, of: layer, index: index)
        let path = parent.appending(entry.path.name)
        guard let position = positions[path] else {
            append(path, nodeIndex: nodeIndex(of: entry, node), layer: index)
            return
        }
        let below = entries[position]
        if nodes[below.nodeIndex].isDirectory {
            throw conflict(at: path, below, upper: layer.name, upperKind: node.kind)
        }
        if below.layerIndex == index {
            notes.append(.twoFilesForOnePlace(path: path, winner: entry.path, layer: layer.name))
        } else if let hidden = below.layerIndex {
            entries[position].hiddenLayerIndices.append(hidden)
        }
        entries[position].nodeIndex = nodeIndex(of: entry, node)
        entries[position].layerIndex = index
    }

    private mutating func nodeIndex(of entry: Layer.Entry, _ node: Node) -> Int {
        if let known = nodeOfLayer[entry.nodeIndex] { return known }
        let new: Int
        if let identity = node.identity {
            if let known = nodeOfIdentity[identity], nodes[known].kind == node.kind {
                // The later layer's owner and times, should its rules differ.
                nodes[known] = node
                new = known
            } else {
                new = add(node)
                nodeOfIdentity[identity] = new
            }
        } else {
            new = add(node)
        }
        nodeOfLayer[entry.nodeIndex] = new
        return new
    }

    // MARK: Directories

    /// Makes sure that the layer's directory exists in the merged tree, and says where.
    private mutating func directory(
        _ source: TreePath, of layer: Layer, index: Int
    ) throws(TreeError) -> TreePath {
        var missing: [TreePath] = []
        var nearest = source
        while placed[nearest] == nil {
            missing.append(nearest)
            nearest = nearest.parent ?? .root
        }
        var target = placed[nearest]!
        for step in missing.reversed() {
            target = try openDirectory(
                target.appending(step.name), source: step, of: layer, index: index)
            placed[step] = target
        }
        return target
    }

    private mutating func openDirectory(
        _ path: TreePath, source: TreePath, of layer: Layer, index: Int
    ) throws(TreeError) -> TreePath {
        guard let position = positions[path] else {
            append(path, nodeIndex: add(impliedDirectory), layer: index)
            return path
        }
        let below = entries[position]
        switch nodes[below.nodeIndex].kind {
        case .directory:
            return path
        case .symlink(let target):
            let lower = name(of: below)
            if let destination = resolve(path, with: layer) {
                notes.append(
                    .followedLink(path: source, to: destination, lower: lower, upper: layer.name))
                return try directory(destination, of: layer, index: index)
            }
            notes.append(
                .replacedLink(path: path, target: target, lower: lower, upper: layer.name))
            if let hidden = below.layerIndex { entries[position].hiddenLayerIndices.append(hidden) }
            entries[position].nodeIndex = add(impliedDirectory)
            entries[position].layerIndex = index
            return path
        default:
            throw conflict(at: path, below, upper: layer.name, upperKind: .directory)
        }
    }

    /// The directory that a symbolic link of the merged tree leads to, seen from inside: `..` of
    /// the root is the root, an absolute target starts there. The layer that is being laid counts
    /// as laid: its own directories may be what the link means.
    private func resolve(_ link: TreePath, with layer: Layer) -> TreePath? {
        // As many links as Linux follows (path_resolution(7)).
        var linksLeft = 40
        var current = TreePath.root
        var pending = Array(link.components.map(Bytes.init).reversed())
        while let name = pending.popLast() {
            if name == [UInt8(ascii: ".")] { continue }
            if name == [UInt8(ascii: "."), UInt8(ascii: ".")] {
                current = current.parent ?? .root
                continue
            }
            let next = current.appending(name)
            switch kind(at: next, with: layer) {
            case .directory?:
                current = next
            case .symlink(let target)? where linksLeft > 0:
                linksLeft -= 1
                if target.first == UInt8(ascii: "/") { current = .root }
                pending += target.split(separator: UInt8(ascii: "/")).map(Bytes.init).reversed()
            default:
                return nil
            }
        }
        return current
    }

    private func kind(at path: TreePath, with layer: Layer) -> Node.Kind? {
        if let position = positions[path] { return nodes[entries[position].nodeIndex].kind }
        return layer[path]?.kind
    }

    // MARK: Details

    private mutating func add(_ node: Node) -> Int {
        nodes.append(node)
        return nodes.count - 1
    }

    private mutating func append(_ path: TreePath, nodeIndex: Int, layer: Int?) {
        positions[path] = entries.count
        entries.append(
            MergedTree.Entry(
                path: path, nodeIndex: nodeIndex, layerIndex: layer, hiddenLayerIndices: []))
    }

    private func name(of entry: MergedTree.Entry) -> String {
        // Only the root can belong to nobody, and nothing but a directory conflicts with it.
        entry.layerIndex.map { layerNames[$0] } ?? ""
    }

    private func conflict(
        at path: TreePath, _ below: MergedTree.Entry, upper: String, upperKind: Node.Kind
    ) -> TreeError {
        .typeConflict(
            path: path, lower: name(of: below), lowerKind: nodes[below.nodeIndex].kind.noun,
            upper: upper, upperKind: upperKind.noun)
    }
}
