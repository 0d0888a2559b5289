internal import BakeContract
internal import SystemPackage
internal import Trees

/// Two trees written alone that should be the same, compared byte by byte, then, where bake reads
/// the format, file by file.
struct PartComparison {
    let first: FilePath
    let second: FilePath
    let format: BakeRequest.OutputFormat
    /// A directory with room for the contents of both trees.
    let scratch: FilePath

    /// Empty when all bytes are the same.
    func differences() throws(BakeError) -> [ImageDifference] {
        guard let offset = try firstDifference() else { return [] }
        let files = try fileDifferences()
        if files.isEmpty {
            return [
                ImageDifference(
                    part: format.rawValue, offset: offset, path: nil,
                    what: "other bytes from \(offset) on")
            ]
        }
        return files.map { file in
            ImageDifference(
                part: format.rawValue, offset: offset, path: file.path, what: file.what)
        }
    }

    // MARK: Details

    /// None for an initrd: bake writes newc archives and reads none.
    private func fileDifferences() throws(BakeError) -> [(path: Bytes, what: String)] {
        if format == .initrd { return [] }
        return try TreeComparison(try layer(first), try layer(second)).differences()
    }

    private func layer(_ path: FilePath) throws(BakeError) -> Layer {
        if format == .squashfs { return try Layer.read(squashfs: path, scratch: scratch) }
        do throws(TreeError) {
            return try .read(archive: path, name: path.string, scratch: scratch)
        } catch {
            throw BakeError(error)
        }
    }

    /// In bytes from the start; nil when there is none.
    private func firstDifference() throws(BakeError) -> Int? {
        let files = (try open(first), try open(second))
        defer {
            try? files.0.close()  // only read
            try? files.1.close()  // only read
        }
        let length = 1 << 20
        var offset = 0
        while true {
            let left = try read(files.0, first, at: offset, length)
            let right = try read(files.1, second, at: offset, length)
            if left != right {
                let index = zip(left, right).enumerated().first { $1.0 != $1.1 }?.offset
                return offset + (index ?? min(left.count, right.count))
            }
            if left.isEmpty { return nil }
            offset += left.count
        }
    }

    private func open(_ path: FilePath) throws(BakeError) -> FileDescriptor {
        do {
            return try FileDescriptor.open(path, .readOnly, options: .closeOnExec)
        } catch {
            throw BakeError(.failed, "cannot read '\(path)' back: \(error)")
        }
    }

    /// As many bytes as were asked for, fewer at the end.
    private func read(
        _ file: FileDescriptor, _ path: FilePath, at offset: Int, _ byteCount: Int
    ) throws(BakeError) -> Bytes {
        var bytes = Bytes(repeating: 0, count: byteCount)
        var done = 0
        do {
            while done < byteCount {
                let count = try bytes.withUnsafeMutableBytes { buffer in
                    try file.read(
                        fromAbsoluteOffset: Int64(offset + done),
                        into: UnsafeMutableRawBufferPointer(rebasing: buffer[done...]))
                }
                if count == 0 { break }
                done += count
            }
        } catch {
            throw BakeError(.failed, "cannot read '\(path)' back: \(error)")
        }
        return Bytes(bytes.prefix(done))
    }
}
