import Blobs
import Foundation
import SystemPackage
import TestSupport
import Testing
import Trees

/// Same inputs, same bytes: elsewhere, in another order, by another number of threads.
@Suite struct SquashFSSameBytesTests {
    private static let items: [HostTreeItem] =
        [.directory("d"), .directory("e")]
        + (0..<300).map { number in
            let text = String(repeating: "line \(number % 97)\n", count: number * 40)
            return .file(HostName("d/\(number)"), text)
        } + [
            .file("e/a", "linked"), .hardLink("e/b", to: "e/a"),
            .file("e/big", (0..<200000).map { "\($0)" }.joined()),
        ]

    private static func tree(_ items: [HostTreeItem]) throws -> (TemporaryDirectory, MergedTree) {
        let directory = try TemporaryDirectory()
        try directory.make(items + [.allTimes(1_600_000_000)])
        let layer = try Layer.scan(
            directory: FilePath(directory.path), name: directory.path,
            options: ScanOptions(owner: .root))
        return (directory, try MergedTree.overlay([layer]))
    }

    @Test func everywhere() throws {
        let (first, tree) = try Self.tree(Self.items)
        // The same files, made in the opposite order: other inode numbers, another listing.
        let directories = Self.items.prefix(2)
        let links = Self.items.dropFirst(2).filter {
            if case .hardLink = $0 { true } else { false }
        }
        let files = Self.items.dropFirst(2).filter {
            if case .hardLink = $0 { false } else { true }
        }
        let (second, again) = try Self.tree(directories.reversed() + files.reversed() + links)
        #expect(first.path != second.path)
        let reference = try TestBlob(tree)
        let referenceBytes = try reference.bytes
        #expect(try TestBlob(again).bytes == referenceBytes)
        for workers in [1, 2, 3, 8] {
            let blob = try TestBlob(tree) { $0.workerCount = workers }
            #expect(try blob.bytes == referenceBytes, "\(workers) workers")
            #expect(blob.blob == reference.blob)
        }
    }

    @Test func theFileSystemsOwnTimeIsAParameter() throws {
        let tree = try MergedTree.overlay([])
        let blob = try TestBlob(tree) { $0.timeSeconds = 1_000_000_000 }
        let printed = try runProcess(
            ["unsquashfs", "-s", blob.path], environment: ["TZ": "UTC"])
        #expect(printed.stdoutText.contains("Sun Sep  9 01:46:40 2001"))
    }
}
