import Foundation
import SystemPackage
import TestSupport
import Trees

extension TemporaryDirectory {
    /// Puts an archive into the directory and reads it.
    func layer(
        _ bytes: Bytes, name: String = "x.tar", options: ArchiveOptions = ArchiveOptions()
    ) throws -> Layer {
        try Data(bytes).write(to: url(name))
        return try layer(name, options: options)
    }

    /// Reads an archive of the directory.
    func layer(_ name: String, options: ArchiveOptions = ArchiveOptions()) throws -> Layer {
        try Layer.read(
            archive: FilePath(path(name)), name: name, scratch: FilePath(path), options: options)
    }

    /// Runs a program that must succeed, in the directory.
    @discardableResult
    func run(_ arguments: String...) throws -> ProcessResult {
        let result = try runProcess(arguments, environment: ["LC_ALL": "C"], in: path)
        guard result.status == 0 else {
            throw TestFailure("\(arguments.joined(separator: " ")): \(result.stderrText)")
        }
        return result
    }
}

extension Layer {
    /// One line an inode, and a sum of every file's contents: two layers with equal listings are
    /// equal, notes apart.
    func listing() throws -> String {
        var text = try MergedTree.overlay([self]).text
        for entry in entries {
            guard case .regular(let content) = nodes[entry.nodeIndex].kind else { continue }
            text += "\(entry.path) \(try Self.sum(of: content))\n"
        }
        for path in whiteouts.sorted() { text += "deleted \(path)\n" }
        for path in opaqueDirectories.sorted() { text += "opaque \(path)\n" }
        return text
    }

    /// Over every block of 64 KiB that is not all zeros, and where it stands: a hole and the zeros
    /// it reads as are the same.
    private static func sum(of content: Node.Content) throws -> Int {
        var reader = try ContentReader(content)
        var hasher = Hasher()
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 16)
        defer { buffer.deallocate() }
        while reader.remaining > 0 {
            reader.skip(reader.holeByteCount() & ~0xffff)
            let offset = reader.offset
            let count = try reader.read(into: buffer)
            let block = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            if block.first == 0, memcmp(block.baseAddress!, block.baseAddress! + 1, count - 1) == 0
            {
                continue
            }
            hasher.combine(offset)
            hasher.combine(bytes: block)
        }
        _ = try reader.finish()
        return hasher.finalize()
    }

    func content(_ path: TreePath) throws -> Bytes? {
        guard case .regular(let content)? = self[path]?.kind else { return nil }
        var reader = try ContentReader(content)
        let buffer = UnsafeMutableRawBufferPointer.allocate(
            byteCount: Int(content.byteCount) + 1, alignment: 16)
        defer { buffer.deallocate() }
        let count = try reader.read(into: buffer)
        return Bytes(buffer[..<count])
    }
}
