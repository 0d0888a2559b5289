import Blobs
import Foundation
import SystemPackage
import TestSupport
import Testing
import Trees

/// What the format cannot hold, and files that will not be read.
@Suite struct SquashFSRefusalTests {
    private static func tree(_ node: Node, at path: TreePath = "p") throws -> MergedTree {
        var layer = Layer(name: "l")
        layer.add(node, at: path)
        return try MergedTree.overlay([layer])
    }

    struct Limit: CustomTestStringConvertible, Sendable {
        let node: Node
        let path: TreePath
        let error: String

        init(_ node: Node, _ path: TreePath, _ error: String) {
            self.node = node
            self.path = path
            self.error = error
        }

        var testDescription: String { node.kind.noun }
    }

    static let limits: [Limit] = [
        Limit(
            .file([]), TreePath(stringLiteral: "d/" + String(repeating: "n", count: 256)),
            "cannot store '/d/\(String(repeating: "n", count: 256))': "
                + "its name has 256 bytes, the limit is 255"
        ),
        Limit(
            .symlink(to: Bytes(repeating: 0x74, count: 4096)), "p",
            "cannot store '/p': its target has 4096 bytes, allowed are 1 to 4095"
        ),
        Limit(
            .symlink(to: []), "p",
            "cannot store '/p': its target has 0 bytes, allowed are 1 to 4095"
        ),
        Limit(
            Node(.blockDevice(Node.Device(major: 4096, minor: 0)), permissions: 0o600), "p",
            "cannot store '/p': device 4096:0 is beyond 4095:1048575"
        ),
        Limit(
            Node(.characterDevice(Node.Device(major: 0, minor: 0)), permissions: 0o600), "p",
            """
            cannot store '/p': it is the character device 0:0, which marks a deleted file and \
            would not be seen in the guest
              hint: remove it from the tree, with what it was to delete
            """
        ),
        Limit(
            Node(
                .fifo, permissions: 0o600,
                xattrs: [Node.Xattr(name: Bytes("system.nfs4_acl".utf8), value: [])]), "p",
            "cannot store '/p': squashfs has no place for the attribute system.nfs4_acl"
        ),
    ]

    @Test(arguments: limits)
    func limit(_ test: Limit) throws {
        let tree = try Self.tree(test.node, at: test.path)
        let error = #expect(throws: BlobError.self) { try TestBlob(tree) }
        #expect(error?.description == test.error)
    }

    @Test func owners() throws {
        let nodes = (0..<65536).map {
            Node(.fifo, permissions: 0o600, uid: UInt32($0), gid: UInt32($0))
        }
        let entries = nodes.indices.map {
            Layer.Entry(path: TreePath(stringLiteral: "\($0)"), nodeIndex: $0)
        }
        let tree = try MergedTree.overlay([Layer(name: "l", nodes: nodes, entries: entries)])
        let error = #expect(throws: BlobError.self) { try TestBlob(tree) }
        #expect(error == .tooManyOwners(count: 65536, limit: 65535))
    }

    @Test(arguments: [0, 1, 2048, 4097, 196608, 2 << 20])
    func blockSize(size: Int) throws {
        let tree = try MergedTree.overlay([])
        let error = #expect(throws: BlobError.self) { try TestBlob(tree) { $0.blockSize = size } }
        #expect(error == .badBlockSize(size))
    }

    @Test func timesAreClampedWithANote() throws {
        var layer = Layer(name: "l")
        layer.add(.file([], mtimeSeconds: -1), at: "old")
        layer.add(.file([], mtimeSeconds: 1 << 33), at: "new")
        layer.add(.file([], mtimeSeconds: 4_294_967_295), at: "last")
        let blob = try TestBlob(MergedTree.overlay([layer]))
        #expect(blob.blob.notes == [.timesClamped(first: "new", count: 2)])
        let listed = try runProcess(
            ["unsquashfs", "-UTC", "-lln", blob.path])
        #expect(listed.stdoutText.contains("2106-02-07 06:28 squashfs-root/new\n"))
        #expect(listed.stdoutText.contains("1970-01-01 00:00 squashfs-root/old\n"))
    }

    static let changes: [(command: String, error: String)] = [
        (
            "truncate -s 300000 big",
            "cannot add 'tree/big' to the tree: it shrank while it was read"
        ),
        ("echo more >> big", "cannot add 'tree/big' to the tree: it grew while it was read"),
        (
            "touch -d 2001-01-01 big",
            "cannot add 'tree/big' to the tree: it was written to while it was read"
        ),
        ("rm zlast", "cannot open 'tree/zlast': No such file or directory"),
    ]

    /// The change comes after the first block of `big` was put into the blob. Blocks are small, so
    /// that no worker can be through with the file by then.
    @Test(arguments: changes)
    func filesThatChangeAreNamed(_ change: (command: String, error: String)) throws {
        let directory = try TemporaryDirectory()
        try directory.make([
            .file("big", String(repeating: "0123456789", count: 200_000)), .file("zlast", "x"),
        ])
        let layer = try Layer.scan(directory: FilePath(directory.path), name: "tree")
        let tree = try MergedTree.overlay([layer])
        var isDone = false
        let error = #expect(throws: BlobError.self) {
            try TestBlob(
                tree,
                options: {
                    $0.blockSize = 4096
                    $0.workerCount = 2
                },
                progress: { progress in
                    if progress.bytesDone == 0 || isDone { return }
                    isDone = true
                    let command = ["sh", "-c", change.command]
                    let ended = try? runProcess(command, in: directory.path)  // status checked
                    #expect(ended?.status == 0)
                })
        }
        #expect(error?.description == change.error)
    }

    @Test func unreadableFile() throws {
        let directory = try TemporaryDirectory()
        try directory.make([.file("secret", "x", mode: 0o000)])
        let layer = try Layer.scan(directory: FilePath(directory.path), name: "tree")
        let tree = try MergedTree.overlay([layer])
        if geteuid() == 0 {
            #expect(try TestBlob(tree).blob.byteCount > 0)
        } else {
            let error = #expect(throws: BlobError.self) { try TestBlob(tree) }
            #expect(error?.description == "cannot open 'tree/secret': Permission denied")
        }
    }

    @Test func fullDisk() throws {
        let full = try FileDescriptor.open("/dev/full", .readWrite)
        defer { try? full.close() }  // nothing was written
        let tree = try Self.tree(.file(Bytes(repeating: 7, count: 10000)))
        let error = #expect(throws: BlobError.self) { try SquashFS.write(tree, to: full) }
        // A device cannot be emptied; that is said before anything is written.
        #expect(error == .output(.resize, .invalidArgument))
    }

    @Test func progressReachesTheEnd() throws {
        let tree = try Self.tree(.file(Bytes(repeating: 7, count: 10000)))
        var last: BlobProgress?
        _ = try TestBlob(tree, progress: { last = $0 })
        #expect(last?.bytesDone == 10000)
        #expect(last?.byteCount == 10000)
        #expect(last?.inodesDone == 2)
        #expect(last?.inodeCount == 2)
    }
}

@Suite struct CompressionTests {
    static let cases: [(String, SquashFSAlgorithm, Int)] = [
        ("zstd", .zstd, 3), ("zstd:22", .zstd, 22), ("gzip", .gzip, 9), ("xz:0", .xz, 0),
        ("lz4", .lz4, 1), ("lz4:12", .lz4, 12), ("none", .none, 0),
    ]

    @Test(arguments: cases)
    func parses(text: String, algorithm: SquashFSAlgorithm, level: Int) throws {
        let compression = try Compression(parsing: text)
        #expect(compression.algorithm == algorithm)
        #expect(compression.level == level)
    }

    @Test(arguments: [
        (
            "brotli",
            "unknown compression 'brotli': expected zstd, gzip, xz, lz4 or none, then ':LEVEL'"
        ),
        (
            "zstd:",
            "unknown compression 'zstd:': expected zstd, gzip, xz, lz4 or none, then ':LEVEL'"
        ),
        ("zstd:23", "zstd has no level 23: expected 1 to 22"),
        ("gzip:0", "gzip has no level 0: expected 1 to 9"),
        ("lz4:3", "lz4 has no level 3: expected 1 or 12"),
        ("none:1", "none has no level 1: expected no level"),
    ])
    func refuses(text: String, message: String) {
        let error = #expect(throws: BlobError.self) { try Compression(parsing: text) }
        #expect(error?.description == message)
    }
}
