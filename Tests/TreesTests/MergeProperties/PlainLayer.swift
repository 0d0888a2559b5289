import TestSupport
import Trees

/// A layer as the tests see it, without anything of what is tested: what the model lays over each
/// other, and what becomes a `Layer`, or files on a disk.
struct PlainLayer: CustomStringConvertible {
    struct File: CustomStringConvertible {
        enum Kind { case regular, link, fifo }
        var kind: Kind
        /// Length of a regular file, different for every file there is; else nothing.
        var byteCount = 0
        var mode: UInt16
        /// Of a file that several layers have, as one file of a machine.
        var identity: UInt64?
        var names: [String]

        var description: String {
            "\(kind) \(byteCount) \(String(mode, radix: 8)) \(identity.map(String.init) ?? "-") "
                + names.joined(separator: " = ")
        }
    }

    /// The root is the empty path. Directories above the others may be missing: then they are
    /// implied.
    var directories: [String: UInt16] = [:]
    var files: [File] = []
    var whiteouts: Set<String> = []
    var opaque: Set<String> = []

    static let linkTarget = "to/nowhere"

    var description: String {
        let lines =
            directories.sorted { $0.key < $1.key }.map {
                "dir \($0.key) \(String($0.value, radix: 8))"
            }
            + files.map(\.description) + whiteouts.sorted().map { "whiteout \($0)" }
            + opaque.sorted().map { "opaque \($0)" }
        return lines.joined(separator: "\n") + "\n"
    }

    // MARK: As what is tested

    func layer(_ name: String) -> Layer {
        var layer = Layer(name: name)
        for (path, mode) in directories {
            layer.add(.directory(permissions: mode), at: TreePath(stringLiteral: path))
        }
        for file in files {
            let first = TreePath(stringLiteral: file.names[0])
            layer.add(file.node, at: first)
            for other in file.names.dropFirst() {
                layer.link(TreePath(stringLiteral: other), to: first)
            }
        }
        layer.whiteouts = Set(whiteouts.map(TreePath.init(stringLiteral:)))
        layer.opaqueDirectories = Set(opaque.map(TreePath.init(stringLiteral:)))
        return layer
    }

    // MARK: As files

    /// Below a directory that exists. Opaque directories are the caller's: their attribute is.
    func items(below root: String) -> [HostTreeItem] {
        let paths = directories.keys.filter { !$0.isEmpty }.sorted()
        var items: [HostTreeItem] = paths.map { .directory(HostName("\(root)/\($0)")) }
        for file in files {
            let first = HostName("\(root)/\(file.names[0])")
            switch file.kind {
            case .regular:
                let content = String(repeating: "x", count: file.byteCount)
                items.append(.file(first, content, mode: file.mode))
            case .link: items.append(.symlink(first, to: HostName(Self.linkTarget)))
            case .fifo: items += [.fifo(first), .mode(first, file.mode)]
            }
            items += file.names.dropFirst().map { .hardLink(HostName("\(root)/\($0)"), to: first) }
        }
        items += whiteouts.sorted().map {
            .characterDevice(HostName("\(root)/\($0)"), major: 0, minor: 0)
        }
        // Modes last: nothing can be put into a directory that is closed.
        return items + directories.map { .mode(HostName("\(root)/\($0.key)"), $0.value) }
    }
}

extension PlainLayer.File {
    fileprivate var node: Node {
        let content: Node.Kind =
            switch kind {
            case .regular: .regular(.bytes(Bytes(repeating: 0x78, count: byteCount)))
            case .link: .symlink(target: Bytes(PlainLayer.linkTarget.utf8))
            case .fifo: .fifo
            }
        return Node(
            content, permissions: mode,
            identity: identity.map { HostIdentity(device: 1, inode: $0) })
    }
}

/// What both sides are compared by: for every path its kind, length, mode and all its names.
typealias Picture = [String: String]

extension MergedTree {
    var picture: Picture {
        var names: [Int: [String]] = [:]
        for entry in entries {
            names[entry.nodeIndex, default: []].append(entry.path.plain)
        }
        var picture: Picture = [:]
        for entry in entries {
            let node = node(of: entry)
            let isAlone = node.isDirectory
            picture[entry.path.plain] = Self.line(
                node.kind.noun, node.byteCount, node.permissions,
                isAlone ? [] : names[entry.nodeIndex]!)
        }
        return picture
    }

    static func line(
        _ noun: String, _ byteCount: UInt64, _ mode: UInt16, _ names: [String]
    ) -> String {
        let words = [noun, "\(byteCount)", String(mode, radix: 8)] + names.sorted()
        return words.joined(separator: " ")
    }
}

extension TreePath {
    /// Without the slash in front. The names of these tests are ASCII.
    var plain: String { String(decoding: bytes, as: UTF8.self) }
}
