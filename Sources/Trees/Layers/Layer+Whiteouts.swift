extension Layer {
    /// The layer with what it says about deletions understood: files that only say so are gone,
    /// `whiteouts` and `opaqueDirectories` say it instead. Pure.
    ///
    /// Both ways of saying it are known, wherever the tree comes from (docs/decisions/0005):
    ///
    /// - An empty file `.wh.NAME` deletes NAME, `.wh..wh..opq` makes its directory opaque (OCI
    ///   image-spec, layer.md, *Whiteouts*). Other `.wh..wh.` names are left out.
    /// - A character device 0:0 deletes what has its name; the attribute `overlay.opaque` of a
    ///   directory makes it opaque (Linux, Documentation/filesystems/overlayfs.rst, *whiteouts and
    ///   opaque directories*).
    ///
    /// A whiteout acts on lower layers only: this layer may have a file of the same name.
    public func applyingWhiteouts() throws(TreeError) -> Layer {
        if hasNoWhiteouts { return self }
        var reading = WhiteoutReading(self)
        try reading.run()
        return reading.result
    }
}

extension Layer {
    /// Whether a name, NUL-terminated, begins as those of whiteouts do.
    static func isLikeWhiteout(_ name: UnsafePointer<CChar>) -> Bool {
        let prefix = WhiteoutReading.prefix
        return prefix.indices.allSatisfy { UInt8(bitPattern: name[$0]) == prefix[$0] }
    }
}

private struct WhiteoutReading {
    private let layer: Layer
    /// Positions in the layer's entries of those that only say something.
    private var markers: Set<Int> = []
    /// The layer's own until an attribute is taken off.
    private var nodes: NodeList
    private var whiteouts: Set<TreePath>
    private var opaqueDirectories: Set<TreePath>
    private var bookkeeping: (first: TreePath, count: Int)?
    private var cleaned: (first: TreePath, count: Int)?

    static let prefix = Bytes(".wh.".utf8)
    private static let bookkeepingPrefix = Bytes(".wh..wh.".utf8)
    private static let opaqueName = Bytes(".wh..wh..opq".utf8)

    init(_ layer: Layer) {
        self.layer = layer
        nodes = layer.nodes
        whiteouts = layer.whiteouts
        opaqueDirectories = layer.opaqueDirectories
    }

    mutating func run() throws(TreeError) {
        for (position, entry) in layer.entries.enumerated() {
            // Most files say nothing, and are not looked at any closer.
            if layer.nodes.isPlain(at: entry.nodeIndex), !Self.mayMark(entry.path) { continue }
            if Self.isBookkeeping(entry.path.name) {
                leaveOut(entry.path)
                markers.insert(position)
            } else if let marker = Self.marker(above: entry.path) {
                guard Self.isBookkeeping(marker.name) else {
                    throw fault(marker, .notAnEmptyFile(kind: "it is \(Node.Kind.directory.noun)"))
                }
                leaveOut(entry.path)
                markers.insert(position)
            } else if try isMarker(entry) {
                markers.insert(position)
            } else {
                try readAttributes(of: entry)
            }
        }
    }

    /// Whether a component begins as whiteouts do, or has that inside.
    private static func mayMark(_ path: TreePath) -> Bool {
        path.bytes.withUnsafeBufferPointer { bytes in
            var rest = bytes[...]
            while let dot = rest.firstIndex(of: prefix[0]) {
                rest = rest[dot...]
                if rest.starts(with: prefix) { return true }
                rest.removeFirst()
            }
            return false
        }
    }

    private static func isBookkeeping(_ name: Bytes) -> Bool {
        name.starts(with: bookkeepingPrefix) && name != opaqueName
    }

    /// The topmost directory above a path that has a whiteout's name.
    private static func marker(above path: TreePath) -> TreePath? {
        var start = 0
        while let slash = path.bytes[start...].firstIndex(of: UInt8(ascii: "/")) {
            if path.bytes[start..<slash].starts(with: prefix) {
                return TreePath(trusted: Bytes(path.bytes[..<slash]))
            }
            start = slash + 1
        }
        return nil
    }

    private mutating func leaveOut(_ path: TreePath) {
        bookkeeping = (bookkeeping?.first ?? path, (bookkeeping?.count ?? 0) + 1)
    }

    /// Whether it only says something, which is noted.
    private mutating func isMarker(_ entry: Layer.Entry) throws(TreeError) -> Bool {
        let name = entry.path.name
        let node = layer.nodes[entry.nodeIndex]
        if name.starts(with: Self.prefix) {
            try checkMarker(node, at: entry.path)
            let directory = entry.path.parent ?? .root
            if name == Self.opaqueName {
                opaqueDirectories.insert(directory)
            } else {
                try whiteOut(Bytes(name.dropFirst(Self.prefix.count)), in: directory, entry.path)
            }
        } else if node.isOverlayWhiteout {
            whiteouts.insert(entry.path)
        } else {
            return false
        }
        return true
    }

    private func checkMarker(_ node: Node, at path: TreePath) throws(TreeError) {
        switch node.kind {
        case .regular where node.byteCount == 0: return
        case .regular: throw fault(path, .notAnEmptyFile(kind: "it has contents"))
        case let kind: throw fault(path, .notAnEmptyFile(kind: "it is \(kind.noun)"))
        }
    }

    private mutating func whiteOut(
        _ name: Bytes, in directory: TreePath, _ marker: TreePath
    ) throws(TreeError) {
        let namesNothing =
            name.isEmpty || name.elementsEqual(".".utf8)
            || name.elementsEqual("..".utf8)
        if namesNothing { throw fault(marker, .namesNothing) }
        whiteouts.insert(directory.appending(name))
    }

    /// Takes overlayfs's own attributes off a node that stays.
    private mutating func readAttributes(of entry: Layer.Entry) throws(TreeError) {
        let node = layer.nodes[entry.nodeIndex]
        if node.xattrs.isEmpty { return }
        var others: [Node.Xattr] = []
        var isCleaned = false
        for xattr in node.xattrs {
            switch OverlayAttribute(xattr) {
            case nil: others.append(xattr)
            case .opaque?:
                if node.isDirectory { opaqueDirectories.insert(entry.path) }
            case .bookkeeping?: isCleaned = true
            case .pointsBelow?: throw fault(entry.path, .needsLowerLayer(xattr: xattr.name))
            }
        }
        if isCleaned { cleaned = (cleaned?.first ?? entry.path, (cleaned?.count ?? 0) + 1) }
        if others != node.xattrs { nodes[entry.nodeIndex].xattrs = others }
    }

    private func fault(_ path: TreePath, _ problem: WhiteoutProblem) -> TreeError {
        .whiteout(HostPlace(tree: layer.name, path: path), problem)
    }

    var result: Layer {
        var notes = layer.notes
        if let (first, count) = bookkeeping {
            notes.append(
                .whiteouts(.bookkeeping(layer: layer.name, first: first, count: count)))
        }
        if let (first, count) = cleaned {
            notes.append(
                .whiteouts(.overlayAttributes(layer: layer.name, first: first, count: count)))
        }
        var result = layer
        result.nodes = nodes
        result.notes = notes
        result.whiteouts = whiteouts
        result.opaqueDirectories = opaqueDirectories
        if !markers.isEmpty {
            var position = -1
            result.entries = layer.repacked { entry in
                position += 1
                return markers.contains(position) ? nil : entry
            }
            result = result.withoutUnusedNodes
        }
        return result
    }
}

/// What an attribute of overlayfs says about its file (overlayfs.rst; fs/overlayfs/overlayfs.h).
private enum OverlayAttribute {
    case opaque
    case pointsBelow
    case bookkeeping

    /// Nil for all other attributes. Those that overlayfs escapes for an overlay within an overlay
    /// (`overlay.overlay.`) belong to the files.
    init?(_ xattr: Node.Xattr) {
        guard let name = Self.name(xattr) else { return nil }
        switch name {
        case "opaque":
            // "x": files with the attribute `whiteout` may be in the directory.
            self = xattr.value.elementsEqual("y".utf8) ? .opaque : .bookkeeping
        case "redirect", "metacopy": self = .pointsBelow
        case "origin", "impure", "nlink", "upper", "uuid", "protattr", "whiteouts":
            self = .bookkeeping
        default: return nil
        }
    }

    /// Behind `trusted.overlay.` or, of a mount with `userxattr`, `user.overlay.`.
    static func name(_ xattr: Node.Xattr) -> String? {
        for prefix in ["trusted.overlay.", "user.overlay."]
        where xattr.name.starts(with: prefix.utf8) {
            return String(decoding: xattr.name.dropFirst(prefix.utf8.count), as: UTF8.self)
        }
        return nil
    }
}

extension Node {
    /// A character device 0:0, or, where a file system cannot have one, an empty file that an
    /// attribute marks.
    fileprivate var isOverlayWhiteout: Bool {
        switch kind {
        case .characterDevice(let device): device == Device(major: 0, minor: 0)
        case .regular:
            byteCount == 0 && xattrs.contains { OverlayAttribute.name($0) == "whiteout" }
        default: false
        }
    }
}
