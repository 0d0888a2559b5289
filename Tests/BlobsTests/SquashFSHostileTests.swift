import Blobs
import Foundation
import SystemPackage
import TestSupport
import Testing
import Trees

/// File systems that lie are refused with a message that names the file; nothing traps.
@Suite struct SquashFSHostileTests {
    /// A file system that is stored without compression, so that its tables can be changed.
    private static func plain() throws -> Data {
        var layer = Layer(name: "memory")
        layer.add(.file(Bytes("text".utf8)), at: "file-one")
        layer.add(.file(Bytes("more".utf8)), at: "file-two")
        layer.add(.symlink(to: Bytes("target-of-link".utf8)), at: "link")
        layer.add(.file(Bytes("below".utf8)), at: "outer/inner/below")
        return try TestBlob(MergedTree.overlay([layer])) {
            $0.compression = try Compression(.none)
        }.bytes
    }

    private func refusal(of bytes: Data) throws -> SquashFSReadError? {
        let scratch = try TemporaryDirectory()
        try bytes.write(to: scratch.url("x.squashfs"))
        do {
            _ = try read(scratch.path("x.squashfs"))
            return nil
        } catch let error as SquashFSReadError {
            #expect(error.description.contains("'x.squashfs'"), "\(error)")
            return error
        }
    }

    /// Where a name stands in the directory table.
    private func place(of name: String, in bytes: Data) throws -> Int {
        try #require(bytes.range(of: Data(name.utf8), options: .backwards)).lowerBound
    }

    private func flaw(_ change: (inout Data) throws -> Void) throws -> SquashFSReadError.Flaw? {
        var bytes = try Self.plain()
        try change(&bytes)
        guard case .damaged(_, let flaw)? = try refusal(of: bytes) else { return nil }
        return flaw
    }

    @Test func soundOnesAreRead() throws {
        #expect(try refusal(of: try Self.plain()) == nil)
    }

    @Test(arguments: ["file/one", "file\0one"])
    func namesThatAreNone(name: String) throws {
        let flaw = try flaw { bytes in
            let place = try place(of: "file-one", in: bytes)
            bytes.replaceSubrange(place..<(place + 8), with: Data(name.utf8))
        }
        #expect(flaw == .name(Bytes(name.utf8), in: .root))
    }

    @Test(arguments: [".", ".."])
    func namesOfOtherDirectories(name: String) throws {
        // The name gets shorter; another entry of the same directory makes up for it.
        var layer = Layer(name: "memory")
        layer.add(.file([]), at: TreePath(stringLiteral: String(repeating: "a", count: name.count)))
        var bytes = try TestBlob(MergedTree.overlay([layer])) {
            $0.compression = try Compression(.none)
        }.bytes
        let entry = Data([UInt8(name.count - 1), 0] + Array(repeating: 0x61, count: name.count))
        let place = try #require(bytes.range(of: entry, options: .backwards)).lowerBound + 2
        bytes.replaceSubrange(place..<(place + name.count), with: Data(name.utf8))
        #expect(
            try refusal(of: bytes)
                == .damaged(file: "x.squashfs", .name(Bytes(name.utf8), in: .root)))
    }

    @Test func oneNameTwice() throws {
        let flaw = try flaw { bytes in
            let place = try place(of: "file-two", in: bytes)
            bytes.replaceSubrange(place..<(place + 8), with: Data("file-one".utf8))
        }
        #expect(flaw == .nameTwice("file-one"))
    }

    /// `outer/inner` becomes `outer` itself, or the root: a tree without an end.
    @Test(arguments: [("inner", "outer"), ("inner", "root")])
    func aDirectoryInsideItself(name: String, target: String) throws {
        var bytes = try Self.plain()
        let entry = try place(of: name, in: bytes) - 8
        let header = entry - 12
        let number = bytes.number(at: header + 8, UInt32.self)
        let offset: UInt16
        let targetNumber: UInt32
        if target == "root" {
            offset = UInt16(truncatingIfNeeded: bytes.number(at: 32, UInt64.self))
            targetNumber = 1
        } else {
            let outer = try place(of: "outer", in: bytes) - 8
            offset = bytes.number(at: outer, UInt16.self)
            targetNumber = 5
        }
        bytes.put(offset, at: entry)
        bytes.put(UInt16(truncatingIfNeeded: targetNumber &- number), at: entry + 2)
        #expect(
            try refusal(of: bytes)
                == .damaged(file: "x.squashfs", .directoryTwice("outer/inner")))
    }

    @Test func anInodeUnderAnotherNumber() throws {
        let flaw = try flaw { bytes in
            let entry = try place(of: "file-two", in: bytes) - 8
            bytes.put(bytes.number(at: entry + 2, UInt16.self) &+ 1, at: entry + 2)
        }
        #expect(flaw == .inode("file-two", field: "number"))
    }

    @Test func aLengthThatLies() throws {
        let flaw = try flaw { bytes in
            // The inode of the last file written: its length is 5, its fragment number 0.
            let inode = Data([0, 0, 0, 0, 8, 0, 0, 0, 5, 0, 0, 0])
            let place = try #require(bytes.range(of: inode)).lowerBound
            bytes.put(UInt32.max, at: place + 8)
        }
        guard case .inode("outer/inner/below", _)? = flaw else {
            Issue.record("\(String(describing: flaw))")
            return
        }
    }

    @Test func tablesOutsideTheFile() throws {
        for offset in [48, 56, 64, 72, 80] {
            let flaw = try flaw { $0.put(UInt64(1) << 60, at: offset) }
            // The attribute table alone may be missing, which another number would say.
            #expect(flaw != nil, "\(offset)")
        }
        #expect(try flaw { $0.put(UInt32.max, at: 16) } == .superblock(field: "fragments"))
        #expect(try flaw { $0.put(UInt32(2), at: 4) } == .superblock(field: "inode count"))
        #expect(try flaw { $0.put(UInt16(0), at: 26) } == .superblock(field: "owners"))
    }

    @Test func whatIsNoSquashFS() throws {
        #expect(try refusal(of: Data()) == .notSquashFS(file: "x.squashfs"))
        #expect(
            try refusal(of: Data(repeating: 7, count: 5000)) == .notSquashFS(file: "x.squashfs"))
        var old = try Self.plain()
        old.put(UInt16(3), at: 28)
        #expect(
            try refusal(of: old) == .version(file: "x.squashfs", major: 3, minor: 0))
    }

    @Test func lzoIsNamed() throws {
        let scratch = try TemporaryDirectory()
        try scratch.write("x", to: "tree/file")
        try runProcess(
            [
                "mksquashfs", "tree", "x.squashfs", "-comp", "lzo", "-quiet", "-no-progress",
            ], in: scratch.path)
        #expect(throws: SquashFSReadError.compressor(file: "x.squashfs", name: "lzo")) {
            try read(scratch.path("x.squashfs"))
        }
    }

    @Test func everyTruncationIsRefused() throws {
        let bytes = try Self.plain()
        let used = Int(bytes.number(at: 40, UInt64.self))
        for count in stride(from: 0, to: used, by: 7) {
            #expect(try refusal(of: bytes.prefix(count)) != nil, "\(count)")
        }
    }

    /// Whatever the bytes say, reading ends, in a layer or in a message. The same bytes every run.
    @Test(arguments: ["none", "zstd", "gzip"])
    func mutationsNeverTrap(compression: String) throws {
        let source = try TemporaryDirectory()
        let tree = try SquashFSReadBackTests.everything(source)
        let sound = try TestBlob(tree) {
            $0.compression = try Compression(parsing: compression)
            $0.blockSize = 4096
        }
        let used = Int(sound.blob.dataByteCount)
        let bytes = Bytes(try sound.bytes.prefix(used))
        let scratch = try TemporaryDirectory()
        let path = scratch.path("x.squashfs")
        // What describes the tree stands behind the contents.
        let metadata = Int(Data(bytes).number(at: 64, UInt64.self))
        var random = Random(state: UInt64(compression.utf8.count))
        var refused = 0
        for round in 0..<800 {
            var changed = bytes
            for _ in 0...random.below(4) {
                let place =
                    switch random.below(4) {
                    case 0: random.below(96)
                    case 1: random.below(used)
                    default: metadata + random.below(used - metadata)
                    }
                changed[place] =
                    random.below(3) == 0
                    ? [0, 1, 0x7f, 0x80, 0xff][random.below(5)] : UInt8(random.below(256))
            }
            if random.below(20) == 0 { changed.removeLast(random.below(used)) }
            try Data(changed).write(to: URL(fileURLWithPath: path))
            do {
                let layer = try read(path) { round % 8 == 0 || $0.bytes.count % 2 == 0 }
                #expect(layer.entries.first?.path == .root)
            } catch is SquashFSReadError {
                refused += 1
            }
        }
        #expect(refused > 100)
    }
}

private struct Random {
    var state: UInt64

    mutating func below(_ limit: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((state >> 33) % UInt64(limit))
    }
}

extension Data {
    fileprivate func number<Number: FixedWidthInteger>(at offset: Int, _: Number.Type) -> Number {
        (0..<(Number.bitWidth / 8)).reversed().reduce(0) {
            $0 << 8 | Number(self[startIndex + offset + $1])
        }
    }

    fileprivate mutating func put<Number: FixedWidthInteger>(_ number: Number, at offset: Int) {
        Swift.withUnsafeBytes(of: number.littleEndian) {
            replaceSubrange(offset..<(offset + $0.count), with: Data($0))
        }
    }
}
