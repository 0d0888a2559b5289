internal import Glibc
internal import Trees

/// Two trees that should be the same, path by path, contents included.
struct TreeComparison {
    let first: Layer
    let second: Layer

    init(_ first: Layer, _ second: Layer) {
        self.first = first
        self.second = second
    }

    /// In the order of their paths, absolute.
    func differences() throws(BakeError) -> [(path: Bytes, what: String)] {
        var differences: [(path: Bytes, what: String)] = []
        var seen: Set<Int> = []
        var left = first.entries[...]
        var right = second.entries[...]
        while let path = [left.first?.path, right.first?.path].compactMap({ $0 }).min() {
            let one = left.first?.path == path ? left.removeFirst() : nil
            let other = right.first?.path == path ? right.removeFirst() : nil
            if let one, other != nil, !seen.insert(one.nodeIndex).inserted { continue }
            let what = try difference(
                one.map { first.nodes[$0.nodeIndex] }, other.map { second.nodes[$0.nodeIndex] })
            if let what { differences.append(([UInt8(ascii: "/")] + path.bytes, what)) }
        }
        return differences
    }

    private func difference(_ one: Node?, _ other: Node?) throws(BakeError) -> String? {
        guard let one else { return "only in the second image" }
        guard let other else { return "only in the first image" }
        let facts: [(String, String, String)] = [
            ("mode", octal(one.permissions), octal(other.permissions)),
            ("owner", "\(one.uid):\(one.gid)", "\(other.uid):\(other.gid)"),
            ("time", "\(one.mtimeSeconds)", "\(other.mtimeSeconds)"),
            ("kind", one.kind.noun, other.kind.noun),
        ]
        var words = facts.filter { $0.1 != $0.2 }.map { "\($0.0) \($0.1), then \($0.2)" }
        if one.xattrs != other.xattrs { words.append("other extended attributes") }
        if let content = try contentDifference(one.kind, other.kind) { words.append(content) }
        return words.isEmpty ? nil : words.joined(separator: "; ")
    }

    private func octal(_ permissions: UInt16) -> String {
        let digits = String(permissions, radix: 8)
        return String(repeating: "0", count: 4 - digits.count) + digits
    }

    private func contentDifference(
        _ one: Node.Kind, _ other: Node.Kind
    ) throws(BakeError) -> String? {
        switch (one, other) {
        case (.regular(let left), .regular(let right)):
            if left.byteCount != right.byteCount {
                return "\(left.byteCount) bytes, then \(right.byteCount)"
            }
            do throws(TreeError) {
                return try firstDifference(left, right).map { "other content from byte \($0) on" }
            } catch {
                throw BakeError(error)
            }
        case (.symlink(let left), .symlink(let right)) where left != right:
            return "leads to \(String(printable: left)), then to \(String(printable: right))"
        case (.characterDevice(let left), .characterDevice(let right)) where left != right,
            (.blockDevice(let left), .blockDevice(let right)) where left != right:
            return "device \(left.major):\(left.minor), then \(right.major):\(right.minor)"
        default: return nil
        }
    }

    /// Offset of the first byte that is not the same in contents of one length.
    private func firstDifference(
        _ left: Node.Content, _ right: Node.Content
    ) throws(TreeError) -> UInt64? {
        var reader = try ContentReader(left)
        var other = try ContentReader(right)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 2 << 20, alignment: 16)
        defer { buffer.deallocate() }
        let halves = (
            UnsafeMutableRawBufferPointer(rebasing: buffer[..<(1 << 20)]),
            UnsafeMutableRawBufferPointer(rebasing: buffer[(1 << 20)...])
        )
        var offset: UInt64 = 0
        while true {
            let count = try reader.read(into: halves.0)
            _ = try other.read(into: halves.1)
            if count == 0 { return nil }
            if memcmp(halves.0.baseAddress!, halves.1.baseAddress!, count) != 0 {
                let index = (0..<count).first { halves.0[$0] != halves.1[$0] } ?? 0
                return offset + UInt64(index)
            }
            offset += UInt64(count)
        }
    }
}
