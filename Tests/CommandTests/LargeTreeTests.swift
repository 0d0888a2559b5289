import Foundation
import TestSupport
import Testing

/// Large trees, rows of docs/faults.md: whole, and soon. Each takes a second or three; the limit is
/// far below what one quadratic step would take.
@Suite(.serialized)
struct LargeTreeTests {
    private let scratch: TemporaryDirectory

    init() throws {
        scratch = try TemporaryDirectory()
        try scratch.make([.directory("tree")])
    }

    private func baked(within limit: Duration = .seconds(40)) throws -> BakedTree {
        let start = ContinuousClock.now
        let baked = try BakedTree(["-R", "tree"], in: scratch)
        #expect(ContinuousClock.now - start < limit)
        return baked
    }

    @Test func row05HardLinkFarm() throws {
        let count = 60_001
        try scratch.make([.file("tree/0", "farm")])
        try scratch.make((1..<count).map { .hardLink(HostName("tree/\($0)"), to: "tree/0") })
        let unpacked = try baked().unpacked()
        #expect(try linkCount(unpacked.path("\(count - 1)")) == count)
    }

    @Test func row16ManyEntriesInOneDirectory() throws {
        let names = (0..<100_000).map { "entry-\(100_000 + $0)" }
        try scratch.make(names.map { .file(HostName("tree/\($0)")) })
        let listed = try runProcess(["unsquashfs", "-l", baked().blob])
        #expect(listed.status == 0, "\(listed.stderrText)")
        let found = listed.stdoutText.split(separator: "\n").filter { $0.contains("/entry-") }
        let isSame = found == names.map { "squashfs-root/\($0)" }
        #expect(isSame)
    }

    /// 30 kB of path: no system call takes it.
    @Test func row17DeepNesting() throws {
        try scratch.makeNested(in: "tree", depth: 5000, name: "level", file: "bottom")
        defer { scratch.removeNested("tree") }
        let path = String(repeating: "level/", count: 5000) + "bottom"
        #expect(try baked().content(path) == "bottom")
    }

    @Test func row18LongPath() throws {
        let name = String(repeating: "d", count: 200)
        try scratch.makeNested(in: "tree", depth: 40, name: name, file: "bottom")
        defer { scratch.removeNested("tree") }
        let path = String(repeating: "\(name)/", count: 40) + "bottom"
        #expect(try baked().content(path) == "bottom")
    }

    /// Row 24 as well: data on both sides of 4 GiB.
    @Test func row25TenGibibytesOfHole() throws {
        let marks = [0, (4 << 30) - 3, 10 << 30 - 7]
        try scratch.make([.file("tree/sparse")])
        let file = try FileHandle(forWritingTo: scratch.url("tree/sparse"))
        for mark in marks {
            try file.seek(toOffset: UInt64(mark))
            try file.write(contentsOf: Data("m\(mark)".utf8))
        }
        try file.close()
        let unpacked = try baked().unpacked()
        let copy = try FileHandle(forReadingFrom: unpacked.url("sparse"))
        for mark in marks {
            let expected = Data("m\(mark)".utf8)
            try copy.seek(toOffset: UInt64(mark))
            #expect(try copy.read(upToCount: expected.count) == expected)
        }
        let attributes = try FileManager.default.attributesOfItem(atPath: unpacked.path("sparse"))
        #expect(attributes[.size] as? Int == marks.last! + "m\(marks.last!)".utf8.count)
    }

    @Test func row26EqualFilesAreStoredOnceAndStayTwo() throws {
        try scratch.make([.noise("tree/0", byteCount: 300_000)])
        let content = try Data(contentsOf: scratch.url("tree/0"))
        for number in 1..<200 { try content.write(to: scratch.url("tree/\(number)")) }
        try scratch.make([.sparseFile("tree/zeros", byteCount: 1 << 30, end: "")])
        let baked = try baked()
        let attributes = try FileManager.default.attributesOfItem(atPath: baked.blob)
        #expect(try #require(attributes[.size] as? Int) < 400_000)
        let unpacked = try baked.unpacked()
        for name in ["0", "1", "199"] {
            #expect(try linkCount(unpacked.path(name)) == 1)
            #expect(try Data(contentsOf: unpacked.url(name)) == content)
        }
    }

    private func linkCount(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.referenceCount] as? Int
    }
}
