import Blobs
import SystemPackage
import TestSupport
import Testing
import Trees

/// Rows of docs/faults.md about one file each, in a blob.
@Suite struct FaultRowsTests {
    @Test func row11SecurityAttributes() throws {
        var node = Node.file(Bytes("labelled".utf8))
        node.xattrs = [
            Node.Xattr(name: Bytes("security.ima".utf8), value: [4, 2, 0xff, 0]),
            Node.Xattr(
                name: Bytes("security.selinux".utf8),
                value: Bytes("system_u:object_r:bin_t:s0\0".utf8)),
        ]
        var layer = Layer(name: "l")
        layer.add(node, at: "file")
        let blob = try TestBlob(MergedTree.overlay([layer]))
        let read = try runProcess(["rdsquashfs", "-x", "/file", blob.path])
        let lines = read.stdoutText.split(separator: "\n").map(String.init).sorted()
        #expect(lines.count == 2)
        #expect(lines.first == "security.ima=0x0402FF00")
        #expect(lines.last?.hasPrefix("security.selinux=") == true)
    }

    @Test func row29TheRootsTimeAndMode() throws {
        let directory = try TemporaryDirectory()
        try directory.make([.directory("tree", mode: 0o1751), .time("tree", 86400)])
        let layer = try Layer.scan(directory: FilePath(directory.path("tree")), name: "tree")
        let blob = try TestBlob(MergedTree.overlay([layer]))
        let listed = try runProcess(["unsquashfs", "-UTC", "-lln", blob.path])
        #expect(listed.stdoutText.hasPrefix("drwxr-x--t "), "\(listed.stdoutText)")
        #expect(listed.stdoutText.contains(" 1970-01-02 00:00 squashfs-root\n"))
    }
}
