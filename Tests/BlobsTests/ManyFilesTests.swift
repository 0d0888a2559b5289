import Foundation
import SystemPackage
import TestSupport
import Testing
import Trees

@testable import Blobs

/// What is kept of each file is packed, and found again.
@Suite struct ManyFilesTests {
    private static func hash(_ number: Int, high: UInt64 = 0) -> ContentHash {
        ContentHash(low: UInt64(number) &* 0x9e37_79b9_7f4a_7c15, high: high)
    }

    private static func member(
        _ file: Int, _ hash: ContentHash, mayHaveTwin: Bool = true
    ) -> TailBatch.Member {
        .init(file: file, byteCount: 1, mayHaveTwin: mayHaveTwin, hash: hash)
    }

    @Test func equalTailsAreFound() {
        var table = TailTable(nodeCount: 3000, tailCount: 2000)
        for file in 0..<1000 {
            #expect(table.add(Self.member(file, Self.hash(file))) == nil)
        }
        for file in 1000..<2000 {
            #expect(table.add(Self.member(file, Self.hash(file - 1000))) == file - 1000)
        }
        let hashes = table.takeHashes()
        #expect(hashes[7] == Self.hash(7) && hashes[1007] == Self.hash(7))
        #expect(hashes[2500] == .zero)
    }

    /// Hashes that begin in one place, the last of the table, and go round.
    @Test func tailsInOnePlaceAreToldApart() {
        var table = TailTable(nodeCount: 100, tailCount: 50)
        for file in 0..<25 {
            let hash = ContentHash(low: .max, high: UInt64(file))
            #expect(table.add(Self.member(file, hash)) == nil)
            #expect(table.add(Self.member(file + 25, hash)) == file)
        }
        #expect(table.add(Self.member(99, Self.hash(1), mayHaveTwin: false)) == nil)
        #expect(table.add(Self.member(98, Self.hash(1))) == nil, "nobody looks for its twin")
    }

    @Test func placesOfTails() {
        var places = TailPlaces(nodeCount: 10)
        let none = (fragment: ContentLocations.none, offset: ContentLocations.none)
        #expect(places[3] == none)
        places.place(1, fragment: 0, offset: 0)
        places.place(2, fragment: 0, offset: 77)
        places.place(5, fragment: 1, offset: 0)
        places.share(2, with: 6)
        places.place(8, fragment: 2, offset: 0)
        places.place(9, fragment: 2, offset: (1 << 20) - 1)
        #expect(places[0] == none && places[3] == none)
        #expect(places[1] == (0, 0) && places[2] == (0, 77) && places[5] == (1, 0))
        #expect(places[6] == (0, 77), "where its owner's is")
        #expect(places[8] == (2, 0) && places[9] == (2, (1 << 20) - 1))
    }

    /// Names that sort around the slash stand between a directory and what it holds nowhere.
    @Test func childrenOfDirectories() throws {
        var layer = Layer(name: "l")
        for path in ["a", "a/b", "a/b/c", "a/d", "a.b", "a.b/x", "b", "z/y/x/w"] as [TreePath] {
            layer.add(.directory(), at: path)
        }
        for path in ["a/b/c/file", "a/c", "a-file", "a.b/file", "ab", "z/file"] as [TreePath] {
            layer.add(.file([1]), at: path)
        }
        let tree = try MergedTree.overlay([layer])
        let shape = TreeShape(tree)
        #expect(shape.directories.count == tree.counts.directories)
        for number in shape.directories.indices {
            let directory = shape.entry(ofDirectory: number, in: tree).path
            var names: [Bytes] = []
            try shape.forEachChild(of: number) { position, subdirectory in
                let path = tree.entries[position].path
                names.append(path.name)
                #expect(path.parent == directory)
                #expect((subdirectory != nil) == tree[path]?.isDirectory)
                guard let subdirectory else { return }
                #expect(shape.entry(ofDirectory: subdirectory, in: tree).path == path)
                #expect(Int(shape.directories[subdirectory].parent) == number)
            }
            #expect(names == tree.names(in: directory))
        }
        #expect(shape.directories[0].parent < 0)
    }

    private static func look(device: UInt64, inode: UInt64, byteCount: UInt64 = 5) -> [UInt8] {
        var row: [UInt8] = []
        for number in [device, inode, byteCount, 1, 0, 2] { row.append(number: number) }
        return row
    }

    /// Groups that are full and one that is not, more than are kept, several devices.
    @Test(arguments: [0, 1, 64, 65, 1000, 40_000])
    func filesOfAnIndex(count: Int) throws {
        let scratch = try TemporaryDirectory()
        let looks = (0..<count).map {
            Self.look(device: UInt64($0 / 300), inode: UInt64($0 % 300) * 2 + 1)
        }
        var bytes: [UInt8] = [1, 2, 3]
        for (number, look) in looks.enumerated() {
            bytes += look
            bytes.append(Self.hash(number))
            bytes.append(number: UInt64(number))
        }
        try Data(bytes).write(to: scratch.url("rows"))
        let file = IndexFile(try FileDescriptor.open(FilePath(scratch.path("rows")), .readOnly))
        var digest = StreamedHash()
        let files = try #require(IndexedFiles(file, at: 3, count: count, &digest))
        let whole = bytes.dropFirst(3).withUnsafeBytes { ContentHash(of: $0, seed: 0) }
        #expect(digest.hash() == whole)
        // Forwards, then far apart, so that groups go and come again.
        for number in Array(0..<count) + (0..<min(count, 100)).map({ $0 * 397 % count }) {
            let found = files.file(like: FileLook(looks[number], at: 0))
            #expect(found?.tailHash == Self.hash(number) && found?.firstPosition == number)
        }
        for (device, inode) in [(0, 0), (0, 2), (0, 601), (1, 0), (999, 1)] as [(UInt64, UInt64)] {
            let other = Self.look(device: device, inode: inode)
            #expect(files.file(like: FileLook(other, at: 0)) == nil)
        }
        let grown = Self.look(device: 0, inode: 1, byteCount: 6)
        #expect(files.file(like: FileLook(grown, at: 0)) == nil)
        #expect(IndexedFiles(file, at: 4, count: count, &digest) == nil || count == 0, "cut short")
    }
}
