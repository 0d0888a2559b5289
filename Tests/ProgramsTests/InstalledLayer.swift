import Foundation
import Glibc
import Programs
import SystemPackage
import TestSupport
import Trees

/// What an installation brought, in words that are short to compare.
struct InstalledLayer {
    let layer: Layer

    init(_ paths: [String], in root: TemporaryDirectory? = nil, allowsMissing: Bool = false) throws
    {
        layer = try Layer.install(
            InstallRequest(
                paths: paths, sysroot: root.map { FilePath($0.path) }, allowsMissing: allowsMissing)
        )
    }

    /// What an installation that fails for that says is missing; nothing when it does not fail.
    static func missing(_ paths: [String], in root: TemporaryDirectory) throws -> [MissingLibrary] {
        do {
            _ = try InstalledLayer(paths, in: root)
            return []
        } catch ProgramError.missing(let missing) {
            return missing
        }
    }

    /// Paths without the directories.
    var files: [String] {
        layer.entries.filter { !layer.nodes[$0.nodeIndex].isDirectory }.map(\.path.description)
    }

    func reason(_ path: String) -> Reason? {
        TreePath(Bytes(path.utf8)).flatMap { layer.reasons[$0] }
    }

    /// How often one must ask for the reason until somebody asked for the file; nil when there is
    /// no such chain.
    func chainLength(of path: TreePath) -> Int? {
        var current = path
        for length in 0...layer.entries.count {
            guard layer[current] != nil else { return nil }
            switch layer.reasons[current] {
            case .asked: return length
            case .needed(let next, _): current = next
            case nil: return nil
            }
        }
        return nil
    }

    var notes: [String] { layer.notes.map(\.description) }

    /// Makes the files below a directory, as root or not, with plain system calls.
    func materialise(at directory: String) throws {
        let files = FileManager.default
        for entry in layer.entries {
            let target = "\(directory)\(entry.path)"
            let parent = URL(fileURLWithPath: target).deletingLastPathComponent().path
            try files.createDirectory(atPath: parent, withIntermediateDirectories: true)
            let node = layer.nodes[entry.nodeIndex]
            switch node.kind {
            case .directory:
                try files.createDirectory(atPath: target, withIntermediateDirectories: true)
            case .symlink(let text):
                try files.createSymbolicLink(
                    atPath: target, withDestinationPath: String(decoding: text, as: UTF8.self))
            case .regular(let content):
                try Data(Self.bytes(of: content)).write(to: URL(fileURLWithPath: target))
                try files.setAttributes(
                    [.posixPermissions: Int(node.permissions)], ofItemAtPath: target)
            case .characterDevice(let device):
                let number = dev_t(device.major << 8 | device.minor)
                guard mknod(target, S_IFCHR | 0o666, number) == 0 else {
                    throw TestFailure("mknod \(target): \(String(cString: strerror(errno)))")
                }
            default: throw TestFailure("\(entry.path) is \(node.kind.noun)")
            }
        }
    }

    private static func bytes(of content: Node.Content) throws -> Bytes {
        var reader = try ContentReader(content)
        var bytes = Bytes(repeating: 0, count: Int(content.byteCount))
        var failure: (any Error)?
        bytes.withUnsafeMutableBytes { buffer in
            do { _ = try reader.read(into: buffer) } catch { failure = error }
        }
        if let failure { throw failure }
        return bytes
    }
}
