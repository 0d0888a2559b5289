import Foundation
import Glibc
import SystemPackage
import TestSupport
import Testing
import Trees

/// Looking single files up, without following links.
@Suite struct HostLookupTests {
    private static func lookup(_ items: [HostTreeItem]) throws -> (HostLookup, TemporaryDirectory) {
        let root = try TemporaryDirectory()
        try root.make(items)
        return (try HostLookup(directory: FilePath(root.path), name: "tree"), root)
    }

    @Test func seesWhatAScanSees() throws {
        let (lookup, root) = try Self.lookup([
            .directory("a", mode: 0o750), .file("a/b", "text", mode: 0o640),
            .symlink("a/c", to: "b"), .fifo("a/d"), .hardLink("a/e", to: "a/b"),
            .xattr("a/b", name: "user.note", hexadecimal: "01"), .file([0x61, 0x2f, 0xff]),
        ])
        let layer = try Layer.scan(directory: FilePath(root.path), name: "tree")
        #expect(layer.entries.count == 7)
        for entry in layer.entries {
            #expect(try lookup.node(at: entry.path) == layer.nodes[entry.nodeIndex])
        }
        #expect(try lookup.names(in: "a") == [[0x62], [0x63], [0x64], [0x65], [0xff]])
        #expect(try lookup.names(in: "a") == lookup.names(in: "a"))
    }

    @Test func followsNothing() throws {
        let (lookup, _) = try Self.lookup([
            .directory("a"), .file("a/b"), .symlink("link", to: "a"),
            .symlink("out", to: "/etc"), .file("file"),
        ])
        for path: TreePath in ["link/b", "out/passwd", "file/x", "absent", "absent/x"] {
            #expect(try lookup.node(at: path) == nil)
        }
        for path: TreePath in ["link", "file", "absent"] {
            #expect(try lookup.names(in: path).isEmpty)
        }
    }

    /// More directories than descriptors are kept for.
    @Test func manyDirectories() throws {
        let root = try TemporaryDirectory()
        for index in 0..<300 { try root.make([.directory(HostName("d\(index)"))]) }
        let lookup = try HostLookup(directory: FilePath(root.path), name: "tree")
        for index in 0..<300 {
            let path = try #require(TreePath(Bytes("d\(index)/x".utf8)))
            #expect(try lookup.node(at: path) == nil)
        }
        #expect(try lookup.names(in: .root).count == 300)
    }

    @Test func kernelWindowsAreRefused() throws {
        let lookup = try HostLookup(directory: "/", name: "/")
        #expect(
            throws: TreeError.specialFileSystem(
                HostPlace(tree: "/", path: "proc"), name: "proc")
        ) { try lookup.node(at: "proc/version") }
    }
}
