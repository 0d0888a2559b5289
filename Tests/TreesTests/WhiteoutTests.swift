import Foundation
import SystemPackage
import TestSupport
import Testing
import Trees

private func layer(_ nodes: KeyValuePairs<TreePath, Node>) -> Layer {
    var layer = Layer(name: "upper")
    for (path, node) in nodes { layer.add(node, at: path) }
    return layer
}

private func marked(_ attributes: KeyValuePairs<String, String>, _ kind: Node.Kind = .directory)
    -> Node
{
    Node(
        kind, permissions: 0o755,
        xattrs: attributes.map { .init(name: Bytes($0.utf8), value: Bytes($1.utf8)) })
}

private let empty = Node.file([])
private let device = Node(.characterDevice(.init(major: 0, minor: 0)), permissions: 0)

@Suite struct WhiteoutTests {
    struct Case: Sendable {
        var layer: Layer
        var entries: [TreePath] = []
        var whiteouts: Set<TreePath> = []
        var opaque: Set<TreePath> = []
        var notes: [String] = []
    }

    static let cases = [
        Case(layer: layer(["a/.wh.b": empty]), whiteouts: ["a/b"]),
        Case(layer: layer([".wh.b": empty, "b": .file([1])]), entries: ["b"], whiteouts: ["b"]),
        Case(
            layer: layer([".wh.b": empty, "b/c": .file([1])]), entries: ["b/c"], whiteouts: ["b"]),
        Case(layer: layer([".wh..wh..opq": empty]), opaque: [.root]),
        Case(
            layer: layer(["a": .directory(), "a/.wh..wh..opq": empty, "a/x": empty]),
            entries: ["a", "a/x"], opaque: ["a"]),
        Case(layer: layer([".wh..b": empty, ".wh....": empty]), whiteouts: [".b", "..."]),
        Case(layer: layer([".whb": empty, "x.wh.b": empty]), entries: [".whb", "x.wh.b"]),
        Case(
            layer: layer([
                ".wh..wh.aufs": empty, ".wh..wh.plnk": .directory(), ".wh..wh.plnk/7.8": .file([1]),
                "x": empty,
            ]), entries: ["x"],
            notes: [
                "3 files of 'upper' that aufs kept for itself were left out, the first /.wh..wh.aufs"
            ]
        ),
        Case(layer: layer(["a/b": device]), whiteouts: ["a/b"]),
        Case(
            layer: layer(["a/b": marked(["user.overlay.whiteout": ""], .regular(.bytes([])))]),
            whiteouts: ["a/b"]),
        Case(
            layer: layer(["a": marked(["trusted.overlay.opaque": "y"])]), entries: ["a"],
            opaque: ["a"]),
        Case(
            layer: layer(["a": marked(["user.overlay.opaque": "y", "user.x": "1"])]),
            entries: ["a"],
            opaque: ["a"]),
        Case(
            layer: layer([
                "a": marked(["trusted.overlay.opaque": "x", "trusted.overlay.whiteouts": "y"]),
                "b": marked(["trusted.overlay.impure": "y"]),
                "c": marked(["user.overlay.origin": "..."], .regular(.bytes([1]))),
            ]), entries: ["a", "b", "c"],
            notes: [
                """
                the attributes that overlayfs keeps for itself were removed from 3 files of \
                'upper', the first /a
                """
            ]),
        Case(
            layer: layer(["a": marked(["trusted.overlay.overlay.opaque": "y"])]), entries: ["a"]),
    ]

    @Test(arguments: cases)
    func isUnderstood(_ test: Case) throws {
        let read = try test.layer.applyingWhiteouts()
        #expect(read.entries.map(\.path) == test.entries)
        #expect(read.whiteouts == test.whiteouts)
        #expect(read.opaqueDirectories == test.opaque)
        #expect(read.notes.map(\.description) == test.notes)
        #expect(Set(read.entries.map(\.nodeIndex)) == Set(read.nodes.indices))
        let names = read.nodes.flatMap(\.xattrs).map { String(decoding: $0.name, as: UTF8.self) }
        #expect(!names.contains { $0.contains(".overlay.") && !$0.contains(".overlay.overlay.") })
        // What was understood is not understood a second time.
        let again = try read.applyingWhiteouts()
        #expect(again.whiteouts == test.whiteouts && again.opaqueDirectories == test.opaque)
        #expect(again.entries == read.entries)
    }

    static let refusals: [(Layer, String)] = [
        (
            layer(["a/.wh.": empty]),
            "cannot apply 'upper/a/.wh.': it is a whiteout by its name, but names no file to delete"
        ),
        (
            layer([".wh..": empty]),
            "cannot apply 'upper/.wh..': it is a whiteout by its name, but names no file to delete"
        ),
        (
            layer([".wh...": empty]),
            "cannot apply 'upper/.wh...': it is a whiteout by its name, but names no file to delete"
        ),
        (
            layer([".wh.x": .file([1])]),
            """
            cannot apply 'upper/.wh.x': it is a whiteout by its name, but it has contents; a \
            whiteout is an empty file
            """
        ),
        (
            layer([".wh.x": .directory(), ".wh.x/y": empty]),
            """
            cannot apply 'upper/.wh.x': it is a whiteout by its name, but it is a directory; a \
            whiteout is an empty file
            """
        ),
        (
            layer([".wh.x/y": empty]),
            """
            cannot apply 'upper/.wh.x': it is a whiteout by its name, but it is a directory; a \
            whiteout is an empty file
            """
        ),
        (
            layer(["d": marked(["trusted.overlay.redirect": "/e"])]),
            """
            cannot apply 'upper/d': its attribute trusted.overlay.redirect says that its contents \
            are in a lower directory of an overlay
              hint: give the mounted overlay, not its upper directory; or mount it with \
            'redirect_dir=off,metacopy=off'
            """
        ),
        (
            layer(["d": marked(["user.overlay.metacopy": ""], .regular(.bytes([0])))]),
            """
            cannot apply 'upper/d': its attribute user.overlay.metacopy says that its contents are \
            in a lower directory of an overlay
              hint: give the mounted overlay, not its upper directory; or mount it with \
            'redirect_dir=off,metacopy=off'
            """
        ),
    ]

    @Test(arguments: refusals)
    func isRefused(_ layer: Layer, _ message: String) {
        let error = #expect(throws: TreeError.self) { try layer.applyingWhiteouts() }
        #expect(error?.description == message)
    }

    /// What the kernel leaves in an upper directory, where this machine lets us mount.
    @Test func overlayfsItself() throws {
        guard geteuid() == 0 else { return }
        let directory = try TemporaryDirectory()
        try directory.make([.directory("base")])
        let base = directory.path("base")
        // overlayfs takes no overlayfs as its upper directory, and containers are one.
        guard try runProcess(["mount", "-t", "tmpfs", "none", base]).status == 0 else { return }
        defer { _ = try? runProcess(["umount", "-R", base]) }  // gone with its machine
        try directory.make(
            ["lower", "lower/d", "lower/d/e", "upper", "work", "merged"].map {
                .directory(HostName("base/\($0)"))
            } + [.file("base/lower/gone", "x"), .file("base/lower/d/hidden", "x")])
        let options = "lowerdir=\(base)/lower,upperdir=\(base)/upper,workdir=\(base)/work"
        guard
            try runProcess(["mount", "-t", "overlay", "none", "-o", options, "\(base)/merged"])
                .status == 0
        else { return }
        try directory.run(
            "sh", "-c",
            """
            cd base/merged && rm -r gone d && mkdir d && echo new > d/new && cd .. && umount merged
            """)
        let read = try Layer.scan(directory: FilePath("\(base)/upper"), name: "upper")
            .applyingWhiteouts()
        #expect(read.entries.map(\.path) == [.root, "d", "d/new"])
        #expect(read.whiteouts == ["gone"])
        #expect(read.opaqueDirectories == ["d"])
    }
}
