import Editing
import Foundation
import SystemPackage
import TestSupport
import Trees

/// A tree of Debian's busybox and what a test adds, ready to be edited.
struct EditableTree: Sendable {
    let directory: TemporaryDirectory
    let base: Layer
    let tree: MergedTree

    /// - Parameters:
    ///   - hasShell: whether it has /bin/busybox and /bin/sh.
    init(hasShell: Bool = true, _ add: (inout Layer) -> Void = { _ in }) throws {
        directory = try TemporaryDirectory()
        let root = directory.path("busybox")
        if hasShell {
            try BusyboxTree.make(at: root)
        } else {
            try FileManager.default.createDirectory(
                atPath: root, withIntermediateDirectories: true)
        }
        // Known times, whenever Debian built it.
        let scanned = try Layer.scan(
            directory: FilePath(root), name: "base",
            options: ScanOptions(owner: .root))
        var layer = Layer(
            name: "base",
            nodes: scanned.nodes.map { node in
                var known = node
                known.mtimeSeconds = 1000
                return known
            }, entries: scanned.entries)
        add(&layer)
        base = layer
        tree = try MergedTree.overlay([layer])
    }

    /// - Parameter commands: for busybox's shell.
    func edit(_ commands: String, ownTime: Int64 = 0) throws -> Edited {
        try edit(.shellText(Array(commands.utf8)), ownTime: ownTime)
    }

    func edit(_ commands: Edit.Commands, ownTime: Int64 = 0) throws -> Edited {
        let scratch = try TemporaryDirectory()
        let edit = try Edit.run(
            tree, commands: commands, scratch: FilePath(scratch.path), ownTime: ownTime)
        let litter = try FileManager.default.contentsOfDirectory(atPath: scratch.path)
        guard litter.isEmpty else { throw TestFailure("left in the scratch directory: \(litter)") }
        var edited = tree
        try edited.lay(edit.layer)
        return Edited(edit: edit, tree: edited)
    }

    func editAsNobody(
        _ commands: String, _ circumstances: Nobody.Circumstances = .ordinary, ownTime: Int64 = 0
    ) throws -> Edited {
        try Nobody.run(circumstances) { try edit(commands, ownTime: ownTime) }
    }
}

struct Edited: Sendable {
    let edit: Edit
    let tree: MergedTree

    /// `+ /added`, `~ /changed`, `- /removed`.
    var report: [String] {
        edit.changes.added.map { "+ \($0)" } + edit.changes.changed.map { "~ \($0)" }
            + edit.changes.removed.map { "- \($0)" }
    }

    /// The line of the merged tree for this path.
    func line(_ path: String) -> String? {
        tree.text.split(separator: "\n").map(String.init).first { line in
            line.contains(" \(path) ") || line.hasSuffix(" \(path)")
        }
    }

    func content(_ path: TreePath) throws -> String? {
        guard let entry = tree.entries.first(where: { $0.path == path }),
            case .regular(let content) = tree.node(of: entry).kind
        else { return nil }
        var reader = try ContentReader(content)
        var bytes = [UInt8](repeating: 0, count: Int(reader.remaining))
        try bytes.withUnsafeMutableBytes { _ = try reader.read(into: $0) }
        return String(decoding: bytes, as: UTF8.self)
    }
}
