import Blobs
import Foundation
import SystemPackage
import TestSupport
import Testing
import Trees

/// Rows of docs/faults.md that take a file system on disk, a blob and a reader that is not ours.
/// Times are far above what they take (seconds), and far below what a quadratic step would.
@Suite(.serialized)
struct FaultRowsTests {
    private func packed(_ directory: TemporaryDirectory) throws -> TestBlob {
        let layer = try Layer.scan(directory: FilePath(directory.path), name: "tree")
        return try TestBlob(try MergedTree.overlay([layer]))
    }

    private func within<Value>(_ limit: Duration, _ body: () throws -> Value) throws -> Value {
        let start = ContinuousClock.now
        let value = try body()
        let elapsed = ContinuousClock.now - start
        #expect(elapsed < limit)
        return value
    }

    @Test func row05HardLinkFarm() throws {
        let directory = try TemporaryDirectory()
        let count = 60_001
        try directory.make([.file("0", "farm")])
        try directory.make((1..<count).map { .hardLink(HostName("\($0)"), to: "0") })
        let blob = try within(.seconds(20)) { try packed(directory) }
        let unpacked = "\(blob.directory.path)/unpacked"
        let result = try runProcess(["unsquashfs", "-no-progress", "-d", unpacked, blob.path])
        #expect(result.status == 0, "\(result.stderrText)")
        #expect(try linkCount("\(unpacked)/\(count - 1)") == count)
    }

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

    @Test func row16ManyEntriesInOneDirectory() throws {
        let directory = try TemporaryDirectory()
        let names = (0..<100_000).map { "entry-\(100_000 + $0)" }
        try directory.make(names.map { .file(HostName($0)) })
        let blob = try within(.seconds(30)) { try packed(directory) }
        let listed = try runProcess(["unsquashfs", "-l", blob.path])
        #expect(listed.status == 0, "\(listed.stderrText)")
        let found = listed.stdoutText.split(separator: "\n").dropFirst().map {
            String($0.dropFirst("squashfs-root/".count))
        }
        let isSame = found == names
        #expect(isSame)
    }

    /// 5,000 levels: no system call takes the path, and neither does any reader that unpacks.
    @Test func row17DeepNesting() throws {
        let directory = try TemporaryDirectory()
        try directory.makeNested(depth: 5000, name: "level", file: "bottom")
        defer { directory.removeNested("level") }
        let blob = try within(.seconds(30)) { try packed(directory) }
        #expect(blob.blob.notes.isEmpty)
        let listed = try runProcess(["sqfs2tar", blob.path])
        #expect(listed.status == 0, "\(listed.stderrText)")
        let path = String(repeating: "level/", count: 5000) + "bottom"
        #expect(listed.stdout.range(of: Data(path.utf8)) != nil)
    }

    @Test func row18LongPath() throws {
        let directory = try TemporaryDirectory()
        let name = String(repeating: "d", count: 200)
        try directory.makeNested(depth: 40, name: name, file: "bottom")
        defer { directory.removeNested(name) }
        let blob = try packed(directory)
        let path = String(repeating: "\(name)/", count: 40) + "bottom"
        let read = try runProcess(["rdsquashfs", "-c", path, blob.path])
        #expect(read.stdoutText == "bottom", "\(read.stderrText)")
    }

    /// Also row 24, larger than 4 GiB: data on both sides of the boundary and at the end.
    @Test func row25TenGibibytesOfHole() throws {
        let directory = try TemporaryDirectory()
        let marks = [0, (4 << 30) - 3, 10 << 30 - 7]
        try directory.make([.file("sparse")])
        let file = try FileHandle(forWritingTo: directory.url("sparse"))
        for mark in marks {
            try file.seek(toOffset: UInt64(mark))
            try file.write(contentsOf: Data("m\(mark)".utf8))
        }
        try file.close()
        let blob = try within(.seconds(60)) { try packed(directory) }
        #expect(blob.blob.byteCount < 1 << 20)
        let unpacked = "\(blob.directory.path)/unpacked"
        let result = try runProcess(["unsquashfs", "-no-progress", "-d", unpacked, blob.path])
        #expect(result.status == 0, "\(result.stderrText)")
        let copy = try FileHandle(forReadingFrom: URL(fileURLWithPath: "\(unpacked)/sparse"))
        for mark in marks {
            let expected = Data("m\(mark)".utf8)
            try copy.seek(toOffset: UInt64(mark))
            #expect(try copy.read(upToCount: expected.count) == expected)
        }
        let size = try FileManager.default.attributesOfItem(atPath: "\(unpacked)/sparse")[.size]
        #expect(size as? Int == marks.last! + "m\(marks.last!)".utf8.count)
    }

    @Test func row26EqualFilesAreStoredOnceAndStayTwo() throws {
        let directory = try TemporaryDirectory()
        try directory.make([.noise("0", byteCount: 300_000)])
        let content = try Data(contentsOf: directory.url("0"))
        for number in 1..<200 { try content.write(to: directory.url("\(number)")) }
        try directory.make([.sparseFile("zeros", byteCount: 1 << 30, end: "")])
        let blob = try packed(directory)
        #expect(blob.blob.byteCount < 400_000)
        let unpacked = "\(blob.directory.path)/unpacked"
        let result = try runProcess(["unsquashfs", "-no-progress", "-d", unpacked, blob.path])
        #expect(result.status == 0, "\(result.stderrText)")
        for name in ["0", "1", "199"] {
            #expect(try linkCount("\(unpacked)/\(name)") == 1)
            #expect(try Data(contentsOf: URL(fileURLWithPath: "\(unpacked)/\(name)")) == content)
        }
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

    private func linkCount(_ path: String) throws -> Int? {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return attributes[.referenceCount] as? Int
    }
}
