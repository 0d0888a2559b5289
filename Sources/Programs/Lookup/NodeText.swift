internal import Trees

extension Node.Content {
    /// The first bytes, all of them where the limit allows.
    func head(_ limitByteCount: Int) throws(TreeError) -> Bytes {
        var reader = try ContentReader(self)
        var head = Bytes(repeating: 0, count: Int(min(UInt64(limitByteCount), reader.remaining)))
        var failure: TreeError?
        head.withUnsafeMutableBytes { buffer in
            do throws(TreeError) {
                _ = try reader.read(into: buffer)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return head
    }
}

extension ProgramTree {
    /// The text of a small file, links followed; nil when there is none that may be read.
    func text(at path: Bytes, limitByteCount: Int = 1 << 20) throws(TreeError) -> Bytes? {
        guard let file = try PathWalk(path, in: self).file else { return nil }
        return try file.content.head(limitByteCount)
    }
}

extension Bytes {
    /// Lines without what stands behind a `#`, blanks at both ends dropped; empty ones left out.
    var settingLines: [ArraySlice<UInt8>] {
        split(separator: UInt8(ascii: "\n")).compactMap { line in
            let text = line.prefix { $0 != UInt8(ascii: "#") }
            let words = text.drop(while: \.isBlank)
            guard let last = words.lastIndex(where: { !$0.isBlank }) else { return nil }
            return words[...last]
        }
    }
}

extension UInt8 {
    /// A space, or what stands for one.
    var isBlank: Bool { self == 0x20 || (0x09...0x0d).contains(self) }
}
