import Foundation
import Glibc
import SystemPackage
import TestSupport
import Testing
import Trees

/// What is known of very many files goes to a file without a name, from which it is read again.
@Suite struct PackedLayerTests {
    private let tree: TemporaryDirectory
    private let scratch: TemporaryDirectory

    /// Deep, so that the paths of few files are many bytes.
    private static let depth = Array(repeating: String(repeating: "n", count: 240), count: 3)

    init() throws {
        tree = try TemporaryDirectory()
        scratch = try TemporaryDirectory()
        for number in 0..<7 {
            let levels = ["d\(number)"] + Self.depth
            try tree.make(
                (1...levels.count).map { count in
                    .directory(HostName(levels.prefix(count).joined(separator: "/")))
                })
        }
        try tree.make((0..<1700).map { .file(Self.name(of: $0), "\($0)") })
        try tree.make([
            .symlink("link", to: "d1"), .fifo("pipe"), .hardLink("other", to: Self.name(of: 1000)),
            .allTimes(1000),
        ])
    }

    private static func name(of number: Int) -> HostName {
        HostName((["d\(number % 7)"] + depth + ["\(number)"]).joined(separator: "/"))
    }

    private func scan(scratch: FilePath?) throws -> Layer {
        let scratch = scratch.map { Scratch(directory: $0, memoryByteCount: 100_000) }
        return try Layer.scan(
            directory: FilePath(tree.path), name: "tree",
            options: ScanOptions(owner: .root, scratch: scratch))
    }

    /// Files of this process that stand in the scratch directory.
    private func openScratchFiles() throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").filter { number in
            // One of another thread may be closed by now.
            let target = try? FileManager.default.destinationOfSymbolicLink(
                atPath: "/proc/self/fd/\(number)")
            return target?.hasPrefix(scratch.path) ?? false
        }.count
    }

    @Test func itIsTheSameFromTheFile() async throws {
        let kept = try scan(scratch: nil)
        #expect(try openScratchFiles() == 0)
        let spilled = try scan(scratch: FilePath(scratch.path))
        #expect(try openScratchFiles() == 2)
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path).isEmpty)
        #expect(kept.entries.count == 1732 && kept.nodes.count == 1731)
        #expect(spilled.entries == kept.entries)
        #expect(spilled.nodes.elementsEqual(kept.nodes))
        // In no order, by several threads at once.
        await withTaskGroup(of: Int.self) { group in
            for seed in 1...4 {
                group.addTask {
                    (0..<3000).count { step in
                        let index = step &* 7919 &* seed % kept.nodes.count
                        return spilled.nodes[index] != kept.nodes[index]
                            || spilled.entries[index] != kept.entries[index]
                    }
                }
            }
            for await wrong in group { #expect(wrong == 0) }
        }
    }

    @Test func itIsLaidLikeAnyOther() throws {
        var upper = Layer(name: "upper")
        upper.add(.file([1], mtimeSeconds: 5), at: "d3")
        upper.add(.file([2], mtimeSeconds: 5), at: "other")
        upper.add(.file([3], mtimeSeconds: 5), at: "link/new")
        let trees = try [nil, FilePath(scratch.path)].map { scratch in
            try MergedTree.overlay(
                [try scan(scratch: scratch).placed(at: "srv"), upper.placed(at: "srv")],
                onConflict: .replace)
        }
        #expect(trees[1].text == trees[0].text)
        #expect(trees[1].entries == trees[0].entries)
        #expect(trees[1]["srv/d3"]?.byteCount == 1)
        #expect(trees[1]["srv/d1/new"]?.byteCount == 1)
        #expect(trees[1].removals.count == 246)
        #expect(trees[1].counts == trees[0].counts)
    }

    @Test func withoutAPlaceForTheFileItStaysInMemory() throws {
        let kept = try scan(scratch: nil)
        let homeless = try scan(scratch: FilePath(scratch.path).appending("missing"))
        #expect(homeless.entries == kept.entries)
        #expect(homeless.nodes.elementsEqual(kept.nodes))
    }

    /// What is in the file already stays there, the rest in memory.
    @Test(.enabled(if: geteuid() == 0)) func aFullFileSystemIsEnoughForAPart() throws {
        let target = scratch.path
        let mounted = try runProcess(["mount", "-t", "tmpfs", "-o", "size=1700k", "none", target])
        guard mounted.status == 0 else { throw TestFailure(mounted.stderrText) }
        let result = Result {
            let spilled = try scan(scratch: FilePath(target))
            let kept = try scan(scratch: nil)
            // One list has its file, and for that of the other there is no room any more.
            #expect(try openScratchFiles() > 0)
            #expect(spilled.entries == kept.entries)
            #expect(spilled.nodes.elementsEqual(kept.nodes))
        }
        try runProcess(["umount", "-l", target])
        try result.get()
    }
}
