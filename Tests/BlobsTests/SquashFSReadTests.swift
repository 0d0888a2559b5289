import Blobs
import Foundation
import SystemPackage
import TestSupport
import Testing
import Trees

/// Reading file systems back, those of other writers first.
@Suite struct SquashFSReadTests {
    // MARK: Other writers

    @Test(arguments: [
        ["-comp", "gzip"], ["-comp", "zstd", "-b", "1M"], ["-comp", "xz", "-b", "4096"],
        ["-comp", "xz", "-Xbcj", "x86"], ["-comp", "lz4", "-Xhc"], ["-comp", "lzma"],
        ["-comp", "zstd", "-no-fragments"],
        ["-comp", "gzip", "-always-use-fragments", "-b", "8192"],
        ["-noI", "-noId", "-noD", "-noF", "-noX"],
        ["-comp", "lz4", "-no-exports", "-no-duplicates"],
        ["-comp", "zstd", "-no-tailends", "-no-sparse"],
    ])
    func whatMksquashfsWrote(options: [String]) throws {
        let scratch = try TemporaryDirectory()
        let source = try TemporaryDirectory()
        let tree = try SquashFSReadBackTests.everything(source)
        let file = scratch.path("x.squashfs")
        let made = try runProcess(
            ["mksquashfs", source.path, file, "-noappend", "-quiet", "-no-progress"] + options)
        #expect(made.status == 0, "\(made.stderrText)")
        let layer = try read(file)
        #expect(try MergedTree.overlay([layer]).text == tree.text)
        try expectSameContents(try MergedTree.overlay([layer]), tree)
    }

    @Test(arguments: ["gzip", "zstd", "xz", "lz4"])
    func whatGensquashfsWrote(compressor: String) throws {
        let scratch = try TemporaryDirectory()
        let source = try TemporaryDirectory()
        let tree = try SquashFSReadBackTests.everything(source)
        let file = scratch.path("x.squashfs")
        let made = try runProcess([
            "gensquashfs", "--pack-dir", source.path, "--keep-time", "--keep-xattr", "--compressor",
            compressor, "--block-size", "65536", "-q", file,
        ])
        #expect(made.status == 0, "\(made.stderrText)")
        let again = try MergedTree.overlay([try read(file)])
        // It keeps no time for the root, and makes files of their own of hard links.
        let expected = try Self.withoutHardLinks(tree).text.split(separator: "\n").dropFirst()
        #expect(again.text.split(separator: "\n").dropFirst().elementsEqual(expected))
        try expectSameContents(again, tree)
    }

    private static func withoutHardLinks(_ tree: MergedTree) throws -> MergedTree {
        let nodes = tree.entries.map { entry in
            var node = tree.node(of: entry)
            node.identity = nil
            return node
        }
        let entries = tree.entries.enumerated().map { Layer.Entry(path: $1.path, nodeIndex: $0) }
        return try MergedTree.overlay([Layer(name: "copies", nodes: nodes, entries: entries)])
    }

    @Test(arguments: SquashFSReadBackTests.compressions)
    func whatWeWrote(compression: String) throws {
        let source = try TemporaryDirectory()
        let tree = try SquashFSReadBackTests.everything(source)
        let blob = try TestBlob(tree) { $0.compression = try Compression(parsing: compression) }
        let again = try MergedTree.overlay([try read(blob.path)])
        #expect(again.text == tree.text)
        try expectSameContents(again, tree)
    }

    /// mksquashfs stores a value that two sets share once, behind a reference.
    @Test func attributesThatAreStoredElsewhere() throws {
        let source = try TemporaryDirectory()
        let long = String(repeating: "ab", count: 2000)
        try source.make([
            .file("a"), .file("b"), .file("c"),
            .xattr("a", name: "user.long", hexadecimal: long),
            .xattr("b", name: "user.long", hexadecimal: long),
            .xattr("b", name: "user.other", hexadecimal: "01"),
            .xattr("c", name: "user.empty", hexadecimal: ""),
            .xattr("c", name: "user.twin", hexadecimal: long),
        ])
        let scratch = try TemporaryDirectory()
        let file = scratch.path("x.squashfs")
        try runProcess(["mksquashfs", source.path, file, "-noappend", "-quiet", "-no-progress"])
        let tree = try MergedTree.overlay([
            Layer.scan(
                directory: FilePath(source.path), name: "source", options: ScanOptions(owner: .keep)
            )
        ])
        #expect(try MergedTree.overlay([try read(file)]).text == tree.text)
    }

    // MARK: Limits

    @Test func whatTakesRootOnADisk() throws {
        var layer = Layer(name: "memory")
        layer.add(Node(.directory, permissions: 0o711, uid: 7, gid: 8, mtimeSeconds: 86400), at: "")
        layer.add(
            Node(.characterDevice(Node.Device(major: 4095, minor: 1_048_575)), permissions: 0o600),
            at: "c")
        layer.add(
            Node(.blockDevice(Node.Device(major: 259, minor: 70000)), permissions: 0o660, gid: 6),
            at: "b")
        layer.add(
            Node(
                .regular(.bytes(Bytes("text".utf8))), permissions: 0o6711, uid: .max,
                gid: 4_000_000_000, mtimeSeconds: 4_294_967_295,
                xattrs: [
                    Node.Xattr(name: Bytes("security.capability".utf8), value: [1, 2, 3]),
                    Node.Xattr(name: Bytes("trusted.empty".utf8), value: []),
                ]), at: "file")
        layer.link("same", to: "file")
        layer.add(.symlink(to: [0xff, 0x0a]), at: "link")
        layer.link("link-again", to: "link")
        layer.add(Node(.fifo, permissions: 0o644), at: "pipe")
        layer.add(Node(.socket, permissions: 0o755), at: "socket")
        layer.link("socket-again", to: "socket")
        let tree = try MergedTree.overlay([layer])
        let blob = try TestBlob(tree)
        #expect(try MergedTree.overlay([try read(blob.path)]).text == tree.text)
    }

    @Test func anEmptyTree() throws {
        let blob = try TestBlob(MergedTree.overlay([]))
        let layer = try read(blob.path)
        #expect(layer.entries.map(\.path) == [.root])
    }

    @Test func aHundredThousandNamesInOneDirectory() throws {
        let paths = (0..<100_000).map { TreePath(stringLiteral: "d/\(100_000 + $0)") }
        let layer = Layer(
            name: "many", nodes: [.file([1]), .file([2])],
            entries: paths.enumerated().map { Layer.Entry(path: $1, nodeIndex: $0 % 2) })
        let tree = try MergedTree.overlay([layer])
        let blob = try TestBlob(tree)
        let again = try MergedTree.overlay([try read(blob.path)])
        #expect(again.entries.count == 100_002)
        #expect(again.nodes.count == 4)
        let isSame = again.text == tree.text
        #expect(isSame)
    }

    @Test func aDeepTree() throws {
        var path = TreePath.root
        for _ in 0..<1500 { path = path.appending(Bytes("deep".utf8)) }
        var layer = Layer(name: "deep")
        layer.add(.file(Bytes("bottom".utf8)), at: path)
        let tree = try MergedTree.overlay([layer])
        let blob = try TestBlob(tree)
        let again = try MergedTree.overlay([try read(blob.path)])
        let isSame = again.text == tree.text
        #expect(isSame)
    }

    /// 4 GiB of holes in front of a word, from mksquashfs, and its holes stay holes.
    @Test func aSparseFileBeyondFourGigabytes() throws {
        let source = try TemporaryDirectory()
        try source.make([.sparseFile("big", byteCount: (4 << 30) + (5 << 20), end: "end")])
        let scratch = try TemporaryDirectory()
        let file = scratch.path("x.squashfs")
        try runProcess([
            "mksquashfs", source.path, file, "-noappend", "-quiet", "-no-progress", "-b", "1M",
            "-comp", "lz4",
        ])
        let layer = try read(file)
        guard case .regular(let content)? = layer["big"]?.kind else {
            Issue.record("no file")
            return
        }
        #expect(content.byteCount == (4 << 30) + (5 << 20))
        var reader = try ContentReader(content)
        let hole = reader.holeByteCount()
        #expect(hole >= (4 << 30))
        reader.skip(hole)
        var end = Bytes(repeating: 1, count: Int(reader.remaining))
        _ = try end.withUnsafeMutableBytes { try reader.read(into: $0) }
        #expect(end.drop { $0 == 0 }.elementsEqual("end".utf8))
    }

    // MARK: Parts of it

    @Test func aFileSystemInsideOfAFile() throws {
        let scratch = try TemporaryDirectory()
        var layer = Layer(name: "memory")
        layer.add(.file(Bytes("text".utf8)), at: "file")
        let blob = try TestBlob(MergedTree.overlay([layer]))
        let front = Data(repeating: 0xaa, count: 12_345)
        try (front + blob.bytes + front).write(to: scratch.url("image"))
        let again = try read(
            scratch.path("image"), at: 12_345, byteCount: blob.blob.dataByteCount)
        #expect(try content(of: try #require(again["file"])) == Bytes("text".utf8))
    }

    @Test func onlyWhatIsWantedIsUnpacked() throws {
        var layer = Layer(name: "memory")
        for name in ["a", "b", "c"] {
            layer.add(.file(Bytes("text of \(name)".utf8)), at: TreePath(stringLiteral: name))
        }
        layer.link("also-b", to: "b")
        let blob = try TestBlob(MergedTree.overlay([layer]))
        let again = try read(blob.path) { $0 == "b" }
        #expect(try content(of: try #require(again["also-b"])) == Bytes("text of b".utf8))
        #expect(again["a"]?.byteCount == 9)
        #expect(throws: TreeError.self) { try content(of: try #require(again["a"])) }
    }

    @Test func equalFilesStayOnePlaceInTheSpool() throws {
        var layer = Layer(name: "twins")
        layer.add(.file(TemporaryDirectory.noise(byteCount: 600_000)), at: "a")
        layer.add(.file(TemporaryDirectory.noise(byteCount: 600_000)), at: "b")
        let blob = try TestBlob(MergedTree.overlay([layer]))
        let again = try read(blob.path)
        let isSame = again["a"]?.kind == again["b"]?.kind
        #expect(isSame)
        #expect(
            try content(of: try #require(again["b"]))
                == TemporaryDirectory.noise(byteCount: 600_000))
    }
}

/// Reads a file that holds a squashfs, contents into a scratch directory of its own.
func read(
    _ path: String, at offset: UInt64 = 0, byteCount: UInt64? = nil,
    wanting isWanted: (TreePath) -> Bool = { _ in true }
) throws -> Layer {
    let scratch = try TemporaryDirectory()
    let file = try FileDescriptor.open(FilePath(path), .readOnly)
    defer { try? file.close() }  // only read
    let length = try byteCount ?? UInt64(file.seek(offset: 0, from: .end))
    return try SquashFS.read(
        file, at: offset, byteCount: length, name: "x.squashfs", scratch: FilePath(scratch.path),
        wanting: isWanted)
}

func content(of node: Node) throws -> Bytes {
    guard case .regular(let content) = node.kind else { return [] }
    var reader = try ContentReader(content)
    var bytes = Bytes(repeating: 0xee, count: Int(reader.remaining))
    let count = try bytes.withUnsafeMutableBytes { try reader.read(into: $0) }
    _ = try reader.finish()
    #expect(count == bytes.count)
    return bytes
}

func expectSameContents(
    _ found: MergedTree, _ expected: MergedTree, _ location: SourceLocation = #_sourceLocation
) throws {
    for (one, other) in zip(found.entries, expected.entries) {
        let isSame =
            try one.path == other.path
            && content(of: found.node(of: one)) == content(of: expected.node(of: other))
        #expect(isSame, "\(one.path)", sourceLocation: location)
    }
}
