internal import Glibc
internal import Trees

extension ProgramTree {
    /// Paths that match a pattern (glob(7)), links on the way followed, sorted.
    func paths(matching pattern: Bytes) throws(TreeError) -> [Bytes] {
        var found: [Bytes] = [[]]
        for component in pattern.split(separator: UInt8(ascii: "/")) {
            var next: [Bytes] = []
            for base in found {
                guard component.contains(where: { Self.magic.contains($0) }) else {
                    next.append(base + [UInt8(ascii: "/")] + component)
                    continue
                }
                next += try names(in: base, matching: component).map {
                    base + [UInt8(ascii: "/")] + $0
                }
            }
            found = next
        }
        return found
    }

    private static var magic: Bytes { Bytes("*?[".utf8) }

    private func names(
        in base: Bytes, matching component: ArraySlice<UInt8>
    ) throws(TreeError) -> [Bytes] {
        guard case .found(let directory, let node) = try PathWalk(base, in: self).end,
            node.isDirectory
        else { return [] }
        let pattern = component.map(CChar.init(bitPattern:)) + [0]
        return try names(in: directory).filter { name in
            fnmatch(pattern, name.map(CChar.init(bitPattern:)) + [0], FNM_PERIOD) == 0
        }
    }
}
