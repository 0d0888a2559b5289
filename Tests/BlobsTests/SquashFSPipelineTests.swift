import Blobs
import Foundation
import SystemPackage
import TestSupport
import Testing
import Trees

/// Blocks, tails and copies: what the pipeline makes of contents of every length, read back by
/// programs that are not ours.
@Suite struct SquashFSPipelineTests {
    private static let blockSize = 4096

    /// Files of all the lengths where something begins or ends, text and noise, then many small
    /// ones, and copies of both kinds.
    private static func edges(_ directory: TemporaryDirectory) throws {
        let noise = TemporaryDirectory.noise(byteCount: 5 * blockSize + 2)
        let sizes = [0, 1, 2, 4095, 4096, 4097, 8191, 8192, 8193, 12287, 12289, 20482]
        var items: [HostTreeItem] = [.directory("text"), .directory("many")]
        for size in sizes {
            let letters = (0..<size).map { Character(UnicodeScalar(UInt8(97 + $0 / 7 % 26))) }
            items.append(.file(HostName("text/\(size)"), String(letters)))
        }
        for number in 0..<400 {
            let text = "\(number % 380) " + String(repeating: "x", count: number % 300)
            items.append(.file(HostName("many/\(number)"), text))
        }
        items += [
            .sparseFile("hole", byteCount: 100_000, end: ""),
            .sparseFile("hole-then-end", byteCount: 100_000, end: "end"),
            .file("zeros", String(repeating: "\0", count: 12288)),
            .file("zeros-then-end", String(repeating: "\0", count: 12288) + "end"),
        ]
        try directory.make(items)
        for size in sizes {
            for copy in ["noise", "noise-again"] {
                try Data(noise.prefix(size)).write(to: directory.url("\(copy)-\(size)"))
            }
        }
        // Holes in front, in the middle and at the end.
        let file = try FileHandle(forUpdating: directory.url("hole"))
        try file.seek(toOffset: 40000)
        try file.write(contentsOf: Data("middle".utf8))
        try file.close()
    }

    private static func tree(
        of directory: TemporaryDirectory, mayChange: Bool = false
    ) throws -> MergedTree {
        try MergedTree.overlay([
            Layer.scan(
                directory: FilePath(directory.path), name: "tree",
                options: ScanOptions(mayChange: mayChange))
        ])
    }

    @Test(arguments: ["zstd", "gzip:1", "xz:0", "lz4", "lz4:12", "none"])
    func everyLengthIsReadBack(compression: String) throws {
        let source = try TemporaryDirectory()
        try Self.edges(source)
        let blob = try TestBlob(Self.tree(of: source)) {
            $0.compression = try Compression(parsing: compression)
            $0.blockSize = Self.blockSize
        }
        let readers = [
            ["unsquashfs", "-no-progress", "-d", blob.directory.path("1"), blob.path],
            ["rdsquashfs", "-q", "-u", "/", "-p", blob.directory.path("2"), blob.path],
        ]
        for (number, reader) in readers.enumerated() {
            let unpacked = try runProcess(reader)
            #expect(unpacked.status == 0, "\(unpacked.stdoutText)\(unpacked.stderrText)")
            let compared = try runProcess(
                ["diff", "-r", source.path, blob.directory.path("\(number + 1)")])
            #expect(compared.status == 0, "\(reader[0]): \(compared.stdoutText)")
        }
    }

    @Test(arguments: [4096, 65536, 1_048_576])
    func theNumberOfWorkersDoesNotShow(blockSize: Int) throws {
        let source = try TemporaryDirectory()
        try Self.edges(source)
        let tree = try Self.tree(of: source)
        var reference: Data?
        for workerCount in [1, 2, 3, 8, 8, 8] {
            let blob = try TestBlob(tree) {
                $0.workerCount = workerCount
                $0.blockSize = blockSize
            }
            let bytes = try blob.bytes
            reference = reference ?? bytes
            let isSame = bytes == reference
            #expect(isSame, "\(workerCount) workers")
        }
    }

    @Test func copiesShareTheirBlocksAndStayFilesOfTheirOwn() throws {
        let source = try TemporaryDirectory()
        let noise = TemporaryDirectory.noise(byteCount: 300_000)
        for name in ["a", "b", "c"] { try Data(noise).write(to: source.url(name)) }
        // Equal to the first block, and to the tail, of those above.
        try Data(noise.prefix(262_144)).write(to: source.url("block"))
        try Data(noise.suffix(300_000 - 262_144)).write(to: source.url("tail"))
        // Of the same length, and different in the last byte only.
        try Data(noise.dropLast() + [noise.last! ^ 1]).write(to: source.url("other"))
        let blob = try TestBlob(Self.tree(of: source)) {
            $0.compression = try Compression(.none)
        }
        // Whole blocks are compared among files of one length, tails among all: the blocks of a and
        // of block, the tails of a and of other.
        let stored = 2 * 300_000
        #expect(blob.blob.dataByteCount > stored)
        #expect(blob.blob.dataByteCount < stored + 5000)
        let target = blob.directory.path("out")
        #expect(try runProcess(["unsquashfs", "-q", "-d", target, blob.path]).status == 0)
        #expect(try runProcess(["diff", "-r", source.path, target]).stdoutText == "")
        var status = stat()
        for name in ["a", "b", "c"] {
            #expect(lstat("\(target)/\(name)", &status) == 0 && status.st_nlink == 1)
        }
    }

    /// Copies leave gaps in what was read together; what follows fills them.
    @Test func fragmentsAreFullWhateverWasCopied() throws {
        var layer = Layer(name: "copies")
        let noise = TemporaryDirectory.noise(byteCount: 400_000)
        for number in 0..<4000 {
            // Three of four are copies.
            let start = number % 4 == 0 ? number / 4 * 400 : 0
            layer.add(
                .file(Array(noise[start..<(start + 400)])), at: TreePath(stringLiteral: "\(number)")
            )
        }
        let blob = try TestBlob(MergedTree.overlay([layer])) { $0.blockSize = 16384 }
        let printed = try runProcess(["unsquashfs", "-s", blob.path]).stdoutText
        let count = printed.firstMatch(of: /Number of fragments (\d+)/).flatMap { Int($0.1) }
        // 40 to a fragment, and 1000 of them.
        #expect(count == 25)
    }

    @Test func holesAreNeitherReadNorStored() throws {
        let source = try TemporaryDirectory()
        try source.make([.sparseFile("disk", byteCount: 10 << 30, end: "end")])
        let start = ContinuousClock.now
        let blob = try TestBlob(Self.tree(of: source))
        #expect(ContinuousClock.now - start < .seconds(60))
        #expect(blob.blob.dataByteCount < 1 << 20)
        let target = blob.directory.path("out")
        #expect(try runProcess(["unsquashfs", "-q", "-d", target, blob.path]).status == 0)
        let disk = try FileHandle(forReadingFrom: URL(fileURLWithPath: "\(target)/disk"))
        #expect(try disk.seekToEnd() == 10 << 30)
        try disk.seek(toOffset: (10 << 30) - 4)
        #expect(try disk.readToEnd() == Data("\0end".utf8))
    }

    @Test(arguments: [1, 100_000])
    func smallFiles(count: Int) throws {
        let nodes = (0..<count).map { Node.file(Bytes("content of \($0)".utf8)) }
        let entries = (0..<count).map {
            Layer.Entry(path: TreePath(stringLiteral: "d/\(1_000_000 + $0)"), nodeIndex: $0)
        }
        let tree = try MergedTree.overlay([Layer(name: "l", nodes: nodes, entries: entries)])
        let blob = try TestBlob(tree)
        let contents = try runProcess(["sh", "-c", "sqfs2tar '\(blob.path)' | tar -xO"])
        #expect(contents.status == 0, "\(contents.stderrText)")
        let isSame = contents.stdoutText == (0..<count).map { "content of \($0)" }.joined()
        #expect(isSame)
    }

    // MARK: Files that misbehave

    /// Whatever fails first, the first in the order of the tree is named.
    @Test func theFirstMissingFileIsNamed() throws {
        let source = try TemporaryDirectory()
        try source.make(
            (1000..<3000).map { .file(HostName("\($0)"), "file \($0 * 31)") }
                + [.noise("1500-big", byteCount: 1_000_000)])
        let tree = try Self.tree(of: source)
        for name in ["1500-big", "1700", "2999"] {
            try FileManager.default.removeItem(atPath: source.path(name))
        }
        for workerCount in [1, 2, 3, 8, 8, 8] {
            let error = #expect(throws: BlobError.self) {
                try TestBlob(tree) {
                    $0.workerCount = workerCount
                    $0.blockSize = 4096
                }
            }
            #expect(
                error?.description == "cannot open 'tree/1500-big': No such file or directory")
        }
    }

    /// A thread writes to the file all the time it is read by others.
    @Test(arguments: [false, true])
    func aFileThatIsWrittenToWhileItIsRead(mayChange: Bool) throws {
        let source = try TemporaryDirectory()
        try source.make([.noise("log", byteCount: 8_000_000), .file("other", "x")])
        let tree = try Self.tree(of: source, mayChange: mayChange)
        let writer = Writer(try FileHandle(forUpdating: source.url("log")))
        let result = Result {
            try TestBlob(tree, options: { $0.blockSize = 4096 }) { _ in writer.start() }
        }
        try writer.stop()
        let change = (HostPlace(tree: "tree", path: "log"), TreeError.Change.modified)
        if mayChange {
            #expect(try result.get().blob.notes == [.changed(change.0, change.1)])
        } else {
            #expect(throws: BlobError.tree(.changed(change.0, change.1))) { try result.get() }
        }
    }

    /// Changes one byte after the other, on a thread of its own.
    private final class Writer: @unchecked Sendable {
        private let file: FileHandle
        private let thread: Thread
        private let hasEnded = DispatchSemaphore(value: 0)
        private var isStarted = false

        init(_ file: FileHandle) {
            self.file = file
            let hasEnded = hasEnded
            thread = Thread {
                var offset: UInt64 = 0
                while !Thread.current.isCancelled {
                    try? file.seek(toOffset: offset % 8_000_000)  // a test's own file
                    try? file.write(contentsOf: Data([1]))  // as above
                    offset += 4096
                }
                hasEnded.signal()
            }
        }

        func start() {
            if isStarted { return }
            isStarted = true
            thread.start()
        }

        func stop() throws {
            thread.cancel()
            if isStarted { hasEnded.wait() }
            try file.close()
        }
    }
}
