import Blobs
import Foundation
import SystemPackage
import TestSupport
import Testing
import Trees

private let isRoot = geteuid() == 0

/// The file system as readers that are not ours see it.
@Suite struct SquashFSReadBackTests {
    /// A tree that has one of everything.
    static func everything(_ directory: TemporaryDirectory) throws -> MergedTree {
        // unsquashfs keeps setuid, setgid and sticky for root only.
        let special: UInt16 = isRoot ? 0o7000 : 0
        let words = (0..<60000).map { "\($0 * 7919 % 60013) " }.joined()
        try directory.make([
            .directory("etc", mode: 0o750), .directory("usr"), .directory("usr/bin"),
            .directory("empty"), .directory("tmp", mode: special | 0o777),
            .file("etc/hosts", "127.0.0.1 localhost\n"),
            .file("usr/bin/su", "su", mode: special | 0o755),
            .file("usr/bin/none", "", mode: isRoot ? 0o000 : 0o400),
            // More than one block of 256 KiB, and its twin; a file of exactly one block.
            .file("usr/words", words), .file("usr/words-again", words),
            .file("usr/block", String(repeating: "b", count: 262144)),
            .file("usr/block-and-one", String(repeating: "c", count: 262145)),
            .sparseFile("usr/sparse", byteCount: 3_000_000, end: "end"),
            .hardLink("etc/also-su", to: "usr/bin/su"), .hardLink("zzz", to: "usr/bin/su"),
            .symlink("bin", to: "usr/bin"), .symlink("dangling", to: "../../nowhere"),
            .symlink("long", to: HostName(String(repeating: "t", count: 4095))),
            .hardLink("long-again", to: "long"),
            .fifo("pipe"), .socket("socket"),
            .file([0xff, 0xfe, 0x0a], "odd"), .file("-rf", "dash"),
            .file(HostName(String(repeating: "n", count: 255)), "name"),
            .xattr("etc/hosts", name: "user.note", hexadecimal: "00ff"),
            .xattr("usr/words", name: "user.note", hexadecimal: "00ff"),
            .xattr("empty", name: "user.directory", hexadecimal: "64"),
        ])
        if isRoot {
            let capability = "0100000200200000000000000000000000000000"
            try directory.make([
                .characterDevice("console", major: 4095, minor: 1_048_575),
                .owner("etc/hosts", uid: 70000, gid: 4_294_967_294),
                .owner("dangling", uid: 1, gid: 2),
                .xattr("usr/block", name: "security.capability", hexadecimal: capability),
                .xattr("bin", name: "trusted.t", hexadecimal: "01"),
            ])
        }
        try directory.make([.allTimes(1_700_000_000), .time("etc/hosts", 1)])
        let layer = try Layer.scan(
            directory: FilePath(directory.path), name: "everything",
            options: ScanOptions(owner: .keep))
        return try MergedTree.overlay([layer])
    }

    static let compressions = ["zstd", "zstd:1", "gzip:1", "xz:0", "lz4", "lz4:12", "none"]

    /// unsquashfs unpacks it, our scan reads what came out (it is tested on its own), and `diff`
    /// compares the contents.
    @Test(arguments: compressions)
    func unsquashfsUnpacksTheSameTree(compression: String) throws {
        let source = try TemporaryDirectory()
        let tree = try Self.everything(source)
        let blob = try TestBlob(tree) { $0.compression = try Compression(parsing: compression) }
        let unpacked = "\(blob.directory.path)/unpacked"
        let result = try runProcess(["unsquashfs", "-no-progress", "-d", unpacked, blob.path])
        #expect(result.status == 0, "\(result.stdoutText)\(result.stderrText)")
        let again = try MergedTree.overlay([
            Layer.scan(
                directory: FilePath(unpacked), name: "unpacked", options: ScanOptions(owner: .keep))
        ])
        #expect(again.text == tree.text)
        #expect(tree.text.split(separator: "\n").count == tree.nodes.count)
        for entry in tree.entries {
            guard case .regular = tree.node(of: entry).kind else { continue }
            let name = entry.path.bytes
            #expect(
                try contents(of: Bytes("\(unpacked)/".utf8) + name)
                    == contents(of: Bytes("\(source.path)/".utf8) + name), "\(entry.path)")
        }
    }

    /// Owners, devices and what else takes root on a disk, from a layer that never was on one.
    private static let privileged: MergedTree = {
        var layer = Layer(name: "memory")
        layer.add(
            Node(.directory, permissions: 0o711, uid: 7, gid: 8, mtimeSeconds: 86400), at: "")
        layer.add(
            Node(.characterDevice(Node.Device(major: 5, minor: 1)), permissions: 0o600),
            at: "dev/console")
        layer.add(
            Node(.blockDevice(Node.Device(major: 259, minor: 70000)), permissions: 0o660, gid: 6),
            at: "dev/big")
        layer.add(
            Node(
                .regular(.bytes(Bytes("text".utf8))), permissions: 0o6711, uid: 65535,
                gid: 4_000_000_000,
                xattrs: [
                    Node.Xattr(name: Bytes("security.capability".utf8), value: [1, 2, 3]),
                    Node.Xattr(name: Bytes("trusted.empty".utf8), value: []),
                ]), at: "file")
        layer.link("same", to: "file")
        layer.add(.symlink(to: Bytes("file".utf8)), at: "link")
        layer.add(Node(.fifo, permissions: 0o644), at: "pipe")
        layer.add(Node(.socket, permissions: 0o755), at: "socket")
        return try! MergedTree.overlay([layer])  // the layer has no conflicts
    }()

    @Test func rdsquashfsDescribesTheSameTree() throws {
        let blob = try TestBlob(Self.privileged)
        let described = try runProcess(["rdsquashfs", "-d", blob.path])
        #expect(described.status == 0, "\(described.stderrText)")
        #expect(
            described.stdoutText.split(separator: "\n").sorted() == [
                "dir dev 0755 0 0",
                "file file 06711 65535 4000000000",
                "file same 06711 65535 4000000000",
                "nod dev/big 0660 0 6 b 259 70000",
                "nod dev/console 0600 0 0 c 5 1",
                "pipe pipe 0644 0 0",
                "slink link 0777 0 0 file",
                "sock socket 0755 0 0",
            ])
        let xattrs = try runProcess(["rdsquashfs", "-x", "/file", blob.path])
        #expect(
            xattrs.stdoutText.split(separator: "\n").sorted() == [
                "security.capability=0x010203", "trusted.empty=",
            ])
        let content = try runProcess(["rdsquashfs", "-c", "/same", blob.path])
        #expect(content.stdoutText == "text")
    }

    @Test func unsquashfsListsTheSameTree() throws {
        let blob = try TestBlob(Self.privileged)
        let listed = try runProcess(
            ["unsquashfs", "-UTC", "-lln", blob.path])
        #expect(listed.status == 0, "\(listed.stderrText)")
        // It does not know minor numbers beyond 255.
        let lines = listed.stdoutText.split(separator: "\n").filter { !$0.hasSuffix("/big") }
            .map { $0.split(separator: " ").joined(separator: " ") }
        #expect(
            lines == [
                "drwx--x--x 7/8 88 1970-01-02 00:00 squashfs-root",
                "drwxr-xr-x 0/0 41 1970-01-01 00:00 squashfs-root/dev",
                "crw------- 0/0 5, 1 1970-01-01 00:00 squashfs-root/dev/console",
                "-rws--s--x 65535/4000000000 4 1970-01-01 00:00 squashfs-root/file",
                "lrwxrwxrwx 0/0 4 1970-01-01 00:00 squashfs-root/link -> file",
                "prw-r--r-- 0/0 0 1970-01-01 00:00 squashfs-root/pipe",
                "-rws--s--x 65535/4000000000 4 1970-01-01 00:00 squashfs-root/same",
                "srwxr-xr-x 0/0 0 1970-01-01 00:00 squashfs-root/socket",
            ])
    }

    @Test func anEmptyTree() throws {
        let blob = try TestBlob(MergedTree.overlay([]))
        let listed = try runProcess(["unsquashfs", "-ls", blob.path])
        #expect(listed.stdoutText == "squashfs-root\n")
        #expect(blob.blob.byteCount == 4096)
        #expect(blob.blob.verity?.dataBlockCount == 1)
    }

    @Test func aDirectoryOfManyNamesAndManyOwners() throws {
        let paths = (0..<20000).map { TreePath(stringLiteral: "d/\(10000 + $0)") }
        let layer = Layer(
            name: "many",
            nodes: (0..<20000).map {
                Node(.regular(.bytes([])), permissions: 0o644, uid: UInt32($0), gid: 70000)
            },
            entries: paths.enumerated().map { Layer.Entry(path: $1, nodeIndex: $0) })
        let blob = try TestBlob(MergedTree.overlay([layer]))
        let described = try runProcess(["rdsquashfs", "-d", blob.path])
        let lines = described.stdoutText.split(separator: "\n")
        let expected =
            ["dir d 0755 0 0"] + (0..<20000).map { "file d/\(10000 + $0) 0644 \($0) 70000" }
        let isSame = lines.map(String.init) == expected
        #expect(isSame)
    }

    @Test func equalFilesAreStoredOnce() throws {
        // Nothing that compresses, so that the length says what was stored.
        var state: UInt64 = 1
        let noise = (0..<600_000).map { _ -> UInt8 in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 56)
        }
        var layer = Layer(name: "twins")
        for name in ["a", "b", "c"] {
            layer.add(.file(noise), at: TreePath(stringLiteral: name))
            layer.add(
                .file(Array(noise.prefix(1000))), at: TreePath(stringLiteral: "small-" + name))
        }
        let blob = try TestBlob(MergedTree.overlay([layer]))
        #expect(blob.blob.dataByteCount > 600_000)
        #expect(blob.blob.dataByteCount < 610_000)
    }

    private func contents(of path: Bytes) throws -> Data {
        let descriptor = (path.map(CChar.init(bitPattern:)) + [0])
            .withUnsafeBufferPointer { open($0.baseAddress!, O_RDONLY) }
        guard descriptor >= 0 else { throw TestFailure(String(printable: path)) }
        return try FileHandle(fileDescriptor: descriptor, closeOnDealloc: true).readToEnd()
            ?? Data()
    }
}
