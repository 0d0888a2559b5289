extension Layer {
    /// The layer with the first `count` components of every path dropped, as `tar
    /// --strip-components` does; what stood `count` levels deep becomes the root.
    ///
    /// - Throws: `nothingLeft` for a file that has no more components than that, which tar would
    ///   leave out without a word; `stripCollision` where two files come to one path.
    public func stripping(_ count: Int) throws(TreeError) -> Layer {
        if count == 0 { return self }
        var left: [Entry] = []
        for entry in entries {
            if let path = entry.path.droppingFirst(count) {
                if path.isRoot, !nodes.isDirectory(at: entry.nodeIndex) {
                    throw .nothingLeft(path: entry.path, stripped: count, tree: name)
                }
                left.append(Entry(path: path, nodeIndex: entry.nodeIndex))
            } else if !nodes.isDirectory(at: entry.nodeIndex) {
                throw .nothingLeft(path: entry.path, stripped: count, tree: name)
            }
        }
        var stripped = self
        stripped.hasNoWhiteouts = false
        stripped.entries = EntryList(try mergedDuplicates(of: left, count: count))
        return stripped.mappingMarks { $0.droppingFirst(count) }
    }

    /// The layer with its root at `target`.
    public func placed(at target: TreePath) -> Layer {
        if target.isRoot { return self }
        var placed = self
        placed.hasNoWhiteouts = false
        placed.entries = repacked { entry in
            Entry(path: target.appending(below: entry.path), nodeIndex: entry.nodeIndex)
        }
        return placed.mappingMarks { target.appending(below: $0) }
    }

    /// Sorted; of several directories with one path the last, as when layers are merged.
    private func mergedDuplicates(
        of entries: [Entry], count: Int
    ) throws(TreeError) -> [Entry] {
        var merged: [Entry] = []
        merged.reserveCapacity(entries.count)
        for entry in entries.sorted(by: { $0.path < $1.path }) {
            if let last = merged.last, last.path == entry.path {
                guard nodes.isDirectory(at: last.nodeIndex),
                    nodes.isDirectory(at: entry.nodeIndex)
                else {
                    throw .stripCollision(path: entry.path, stripped: count, tree: name)
                }
                merged.removeLast()
            }
            merged.append(entry)
        }
        return merged
    }

    /// Deletions and reasons at other paths; nil for what goes.
    private func mappingMarks(_ path: (TreePath) -> TreePath?) -> Layer {
        var mapped = self
        mapped.whiteouts = Set(whiteouts.compactMap(path))
        mapped.opaqueDirectories = Set(opaqueDirectories.compactMap(path))
        mapped.reasons = [:]
        for (place, reason) in reasons {
            guard let place = path(place) else { continue }
            switch reason {
            case .asked: mapped.reasons[place] = .asked
            case .needed(let by, let how):
                mapped.reasons[place] = .needed(by: path(by) ?? .root, how: how)
            }
        }
        return mapped
    }
}

extension TreePath {
    /// Nil where there are fewer components than that.
    public func droppingFirst(_ count: Int) -> TreePath? {
        var rest = bytes[...]
        for _ in 0..<count {
            if rest.isEmpty { return nil }
            let slash = rest.firstIndex(of: UInt8(ascii: "/"))
            rest = slash.map { rest[($0 + 1)...] } ?? []
        }
        return TreePath(trusted: Bytes(rest))
    }

    /// Another path with this one as its root.
    public func appending(below path: TreePath) -> TreePath {
        path.isRoot ? self : appending(path.bytes)
    }
}
