import Blobs
import Foundation
import SystemPackage
import TestSupport
import Testing
import Trees

/// Blobs made from what an earlier one has: always the bytes of a first bake.
@Suite struct ReuseTests {
    private static let blockSize = 4096

    private static func change(
        _ options: inout SquashFS.Options, _ compression: String = "zstd:1"
    ) throws {
        options.blockSize = blockSize
        options.compression = try Compression(parsing: compression)
        options.workerCount = 3
    }

    private static func tree(of directory: TemporaryDirectory) throws -> MergedTree {
        try MergedTree.overlay([
            Layer.scan(
                directory: FilePath(directory.path), name: "tree",
                options: ScanOptions(owner: .root))
        ])
    }

    /// Made as if the files were a minute old, so that their looks count.
    private static func first(
        _ tree: MergedTree, _ compression: String = "zstd:1", isSettled: Bool = true
    ) throws -> TestBlob {
        try TestBlob(tree) {
            try change(&$0, compression)
            $0.reuse = Reuse(startSeconds: Int64(time(nil)) + (isSettled ? 60 : 0))
        }
    }

    /// Made from the base, by both kinds of trust or one, and compared with a blob that knows none.
    @discardableResult
    private static func expectSame(
        _ tree: MergedTree, from base: TestBlob, _ trusts: [Reuse.Trust] = [.hash, .stat],
        compression: String = "zstd:1", comment: Comment? = nil
    ) throws -> [Reuse.Outcome] {
        let reference = try TestBlob(tree) { try change(&$0, compression) }
        #expect(reference.blob.reuse == nil && reference.blob.index == nil)
        return try trusts.map { trust in
            let again = try again(tree, from: base, trust, compression: compression)
            let isSame = try again.bytes == reference.bytes
            #expect(isSame, comment)
            return try #require(again.blob.reuse)
        }
    }

    private static func again(
        _ tree: MergedTree, from base: TestBlob, _ trust: Reuse.Trust,
        compression: String = "zstd:1"
    ) throws -> TestBlob {
        let file = try FileDescriptor.open(FilePath(base.path), .readOnly)
        defer { try? file.close() }  // it was only read
        let kept = try #require(base.blob.index)
        let rootHash = try #require(base.blob.verity).rootHash
        let index = try #require(try BlobIndex(of: kept.bytes, rootHash: rootHash))
        return try TestBlob(tree) {
            try change(&$0, compression)
            $0.reuse = Reuse(
                base: .init(
                    file: file, blobOffset: 0, index: index, verity: base.blob.verity),
                trust: trust,
                startSeconds: Int64(time(nil)) + 60)
        }
    }

    /// Texts, noise, copies, holes, zeros, links: what the pipeline treats in different ways.
    private static func fill(_ directory: TemporaryDirectory) throws {
        var items: [HostTreeItem] = [.directory("many"), .directory("big")]
        for number in 0..<200 {
            let text = "\(number % 190) " + String(repeating: "x\(number)", count: number % 80)
            items.append(.file(HostName("many/\(number)"), text))
        }
        for number in 0..<6 {
            let text = (0..<4000).map { "\($0 * (number + 1)) " }.joined()
            items.append(.file(HostName("big/\(number)"), text))
        }
        items += [
            .file("big/copy", (0..<4000).map { "\($0) " }.joined()),
            .noise("big/noise", byteCount: 50_000), .noise("big/noise-again", byteCount: 50_000),
            .sparseFile("big/hole", byteCount: 60_000, end: "end"),
            .file("big/zeros", String(repeating: "\0", count: 3 * blockSize)),
            .file("empty"), .hardLink("big/link", to: "big/noise"),
        ]
        try directory.make(items)
    }

    @Test func anUnchangedTreeIsTakenWhole() throws {
        let source = try TemporaryDirectory()
        try Self.fill(source)
        let tree = try Self.tree(of: source)
        let base = try Self.first(tree)
        for outcome in try Self.expectSame(tree, from: base) {
            #expect(outcome.damagedBlockCount == 0 && !outcome.isOtherwiseCompressed)
            // All but superblock, tables and what fills the last block of the hash tree.
            #expect(outcome.byteCount > base.blob.dataByteCount - 16384)
        }
    }

    @Test func trustedFilesAreNotOpened() throws {
        let source = try TemporaryDirectory()
        try Self.fill(source)
        let tree = try Self.tree(of: source)
        let base = try Self.first(tree)
        let moved = try TemporaryDirectory()
        // The tree is reached through an open directory; without its files nothing can be read.
        for name in ["many", "big", "empty"] {
            try FileManager.default.moveItem(atPath: source.path(name), toPath: moved.path(name))
        }
        #expect(throws: BlobError.self) { try Self.again(tree, from: base, .hash) }
        let again = try Self.again(tree, from: base, .stat)
        let isSame = try again.bytes == base.bytes
        #expect(isSame)
    }

    /// Sizes, contents, names, order, copies, holes: whatever is done to a tree, bake after bake.
    @Test(arguments: 0..<6)
    func editsOfAllKinds(seed: Int) throws {
        let source = try TemporaryDirectory()
        try Self.fill(source)
        var random = Numbers(seed: UInt64(seed))
        var base = try Self.first(Self.tree(of: source))
        for round in 0..<8 {
            for _ in 0..<random.below(4) + 1 { try Self.edit(source, &random) }
            let tree = try Self.tree(of: source)
            try Self.expectSame(tree, from: base, comment: "seed \(seed), round \(round)")
            base = try Self.again(tree, from: base, round % 2 == 0 ? .stat : .hash)
        }
    }

    private static func edit(_ directory: TemporaryDirectory, _ random: inout Numbers) throws {
        let folder = random.below(2) == 0 ? "many" : "big"
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path(folder))
            .sorted()
        let path = directory.path("\(folder)/\(names[random.below(names.count)])")
        switch random.below(7) {
        case 0:
            let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
            try file.seek(toOffset: UInt64(random.below(20_000)))
            try file.write(contentsOf: Data("changed \(random.next())".utf8))
            try file.close()
        case 1: #expect(truncate(path, random.below(30_000)) == 0)
        case 2: try FileManager.default.removeItem(atPath: path)
        case 3:
            try FileManager.default.copyItem(
                atPath: path, toPath: directory.path("\(folder)/copy-\(random.next())"))
        case 4:
            try FileManager.default.moveItem(
                atPath: path, toPath: directory.path("\(folder)/\(random.next())"))
        case 5:
            let content = Data((0..<random.below(9000)).map { UInt8(truncatingIfNeeded: $0 / 11) })
            try content.write(to: directory.url("many/0-\(random.next())"))
        default:
            let content = String(repeating: "\(random.next())", count: random.below(3000))
            try content.write(toFile: path, atomically: true, encoding: .utf8)
        }
    }

    @Test func oneChangedByteCostsOneBlock() throws {
        let source = try TemporaryDirectory()
        try Self.fill(source)
        let base = try Self.first(Self.tree(of: source))
        let file = try FileHandle(forUpdating: source.url("big/noise"))
        try file.seek(toOffset: 20_000)
        try file.write(contentsOf: Data([0]))
        try file.close()
        let whole = try Self.expectSame(Self.tree(of: source), from: base)
        // The block itself, and a file that has a copy no more: its tail is the first of its kind.
        for outcome in whole { #expect(outcome.byteCount > base.blob.dataByteCount - 40_000) }
    }

    @Test func aCleverTimeFoolsNeitherHashesNorStatusTimes() throws {
        let source = try TemporaryDirectory()
        try source.make([.file("a", "old"), .file("b", "other"), .allTimes(1_600_000_000)])
        let base = try Self.first(Self.tree(of: source))
        // Written in place: the same inode and length, and the old time put back. The time of
        // the status cannot be.
        try Data("new".utf8).write(to: source.url("a"))
        try source.make([.time("a", 1_600_000_000)])
        try Self.expectSame(Self.tree(of: source), from: base)
    }

    /// A change within the same tick of the clock leaves all times as they were: of a file that
    /// young nothing may be believed.
    @Test func youngFilesAreNotTrustedByTheirLooks() throws {
        let source = try TemporaryDirectory()
        try Self.fill(source)
        let tree = try Self.tree(of: source)
        let base = try Self.first(tree, isSettled: false)
        let moved = try TemporaryDirectory()
        try Self.expectSame(tree, from: base, [.stat])
        try FileManager.default.moveItem(
            atPath: source.path("big"), toPath: moved.path("big"))
        #expect(throws: BlobError.self) { try Self.again(tree, from: base, .stat) }
    }

    /// A bit anywhere among the blocks: those that have it are made anew.
    @Test(arguments: 0..<12)
    func damageIsNotTakenOver(number: Int) throws {
        let source = try TemporaryDirectory()
        try Self.fill(source)
        let tree = try Self.tree(of: source)
        let base = try Self.first(tree)
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: base.path))
        let offset = 200 + UInt64(number) * (base.blob.dataByteCount - 20_000) / 11
        try file.seek(toOffset: offset)
        let byte = try #require(try file.read(upToCount: 1)?.first)
        try file.seek(toOffset: offset)
        try file.write(contentsOf: Data([byte ^ 1 << UInt8(number % 8)]))
        try file.close()
        for outcome in try Self.expectSame(tree, from: base) {
            #expect(outcome.damagedBlockCount > 0)
            #expect(outcome.blockCount > 10)
        }
    }

    @Test func aBaseThatWasCutShortEndsWhereItEnds() throws {
        let source = try TemporaryDirectory()
        try Self.fill(source)
        let tree = try Self.tree(of: source)
        let base = try Self.first(tree)
        #expect(truncate(base.path, 30_000) == 0)
        for outcome in try Self.expectSame(tree, from: base) {
            #expect(outcome.damagedBlockCount > 0 && outcome.blockCount > 0)
        }
    }

    @Test(arguments: ["zstd:2", "gzip:1", "none"])
    func anotherCompressorTakesNothing(compression: String) throws {
        let source = try TemporaryDirectory()
        try Self.fill(source)
        let tree = try Self.tree(of: source)
        let base = try Self.first(tree)
        for outcome in try Self.expectSame(tree, from: base, compression: compression) {
            #expect(outcome.isOtherwiseCompressed && outcome.blockCount == 0)
        }
    }

    @Test(arguments: ["gzip:1", "xz:0", "lz4", "lz4:12", "none"])
    func everyCompressor(compression: String) throws {
        let source = try TemporaryDirectory()
        try Self.fill(source)
        let tree = try Self.tree(of: source)
        let base = try Self.first(tree, compression)
        for outcome in try Self.expectSame(tree, from: base, compression: compression) {
            #expect(outcome.byteCount > base.blob.dataByteCount - 16384)
        }
    }

    /// Cut at every length, and with a bit turned in every stretch, an index is none.
    @Test func anIndexIsWholeOrNone() throws {
        let source = try TemporaryDirectory()
        try source.make([.file("a", "text"), .noise("b", byteCount: 20_000)])
        let base = try Self.first(Self.tree(of: source))
        let rootHash = try #require(base.blob.verity).rootHash
        let bytes = try #require(base.blob.index).bytes
        #expect(try BlobIndex(of: bytes, rootHash: rootHash) != nil)
        #expect(try BlobIndex(of: bytes, rootHash: rootHash.map { $0 ^ 1 }) == nil)
        #expect(try BlobIndex(of: bytes + [0], rootHash: rootHash) == nil)
        for count in bytes.indices {
            #expect(try BlobIndex(of: Array(bytes.prefix(count)), rootHash: rootHash) == nil)
        }
        for offset in bytes.indices {
            var damaged = bytes
            damaged[offset] ^= 16
            #expect(try BlobIndex(of: damaged, rootHash: rootHash) == nil)
        }
    }

    /// Files that are read are seen to be what was scanned, with a base as without.
    @Test func aFileThatShrinksIsRefused() throws {
        let source = try TemporaryDirectory()
        try Self.fill(source)
        let base = try Self.first(Self.tree(of: source))
        let tree = try Self.tree(of: source)
        #expect(truncate(source.path("big/noise"), 20_000) == 0)
        #expect(throws: BlobError.self) { try Self.again(tree, from: base, .hash) }
    }
}

/// Numbers that look random, the same for the same seed: splitmix64.
private struct Numbers {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }

    mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(limit)) }
}
