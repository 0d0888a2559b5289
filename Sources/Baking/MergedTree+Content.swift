internal import Programs
internal import Trees

extension Node {
    /// The first bytes of a regular file, all of it where `limitByteCount` allows; nil for
    /// everything else.
    func content(limitByteCount: Int) throws(TreeError) -> Bytes? {
        guard case .regular(let source) = kind else { return nil }
        var reader = try ContentReader(source)
        var content = Bytes(repeating: 0, count: min(limitByteCount, Int(reader.remaining)))
        var failure: TreeError?
        content.withUnsafeMutableBytes { buffer in
            do throws(TreeError) {
                _ = try reader.read(into: buffer)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return content
    }
}

extension MergedTree {
    /// The tree's os-release(5), else one that says nothing but that bake made it: never the
    /// host's.
    func osRelease() throws(TreeError) -> Bytes {
        for path in ["etc/os-release", "usr/lib/os-release"] {
            guard case .found(_, let node) = resolve(Bytes(path.utf8)) else { continue }
            if let content = try node.content(limitByteCount: 64 << 10), !content.isEmpty {
                return content
            }
        }
        return Bytes("ID=bake\nNAME=\"bake image\"\nPRETTY_NAME=\"bake image\"\n".utf8)
    }
}
