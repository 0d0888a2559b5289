import BakeContract
import Foundation
import TestSupport
import Testing

@testable import bake_init

/// An archive in memory, handed out in pieces of a given length.
private struct MemorySource: ArchiveSource {
    private let bytes: UnsafeRawBufferPointer
    private let pieceByteCount: Int
    private var position = 0

    init(_ bytes: UnsafeRawBufferPointer, pieceByteCount: Int) {
        self.bytes = bytes
        self.pieceByteCount = pieceByteCount
    }

    mutating func next() throws(UnpackError) -> UnsafeRawBufferPointer {
        let end = min(position + pieceByteCount, bytes.count)
        defer { position = end }
        return UnsafeRawBufferPointer(rebasing: bytes[position..<end])
    }
}

/// Writes headers by hand, as hostile ones would have to be.
private struct ArchiveBuilder {
    var bytes: Bytes = []

    mutating func add(
        _ type: Character, _ name: String, link: String = "", size: String? = nil,
        contents: Bytes = [], magic: String = "ustar\u{0}00", mtime: String = "00000000000\u{0}",
        uid: String = "0000000\u{0}", device: String = "0000000\u{0}"
    ) {
        var header = Bytes(repeating: 0, count: 512)
        func put(_ text: Bytes, _ offset: Int) {
            header.replaceSubrange(offset..<offset + text.count, with: text)
        }
        put(name.bytes, 0)
        put("0000644\u{0}".bytes, 100)
        put(uid.bytes, 108)
        put("0000000\u{0}".bytes, 116)
        put((size ?? String(format: "%011o\u{0}", contents.count)).bytes, 124)
        put(mtime.bytes, 136)
        header[156] = type.asciiValue!
        put(link.bytes, 157)
        put(magic.bytes, 257)
        put(device.bytes, 329)
        put(device.bytes, 337)
        put("        ".bytes, 148)
        put(String(format: "%06o\u{0} ", header.reduce(0) { $0 + Int($1) }).bytes, 148)
        bytes += header + contents
        bytes += Bytes(repeating: 0, count: (512 - contents.count % 512) % 512)
    }

    mutating func addRecords(_ records: String) { add("x", "records", contents: records.bytes) }

    func finished() -> Bytes { bytes + Bytes(repeating: 0, count: 1024) }
}

@Suite struct ArchiveReaderTests {
    /// All members, or the error.
    private func read(_ archive: Bytes, pieces: Int = 100_000) throws -> [ArchiveMember] {
        try archive.withUnsafeBytes { bytes in
            var reader = ArchiveReader(MemorySource(bytes, pieceByteCount: pieces))
            var members: [ArchiveMember] = []
            while let member = try reader.next() { members.append(member) }
            return members
        }
    }

    private func failure(_ archive: Bytes) -> UnpackError? {
        do {
            _ = try read(archive)
            return nil
        } catch {
            return error as? UnpackError
        }
    }

    private func unpack(_ archive: Bytes, into directory: TemporaryDirectory) throws {
        try archive.withUnsafeBytes { bytes in
            var reader = ArchiveReader(MemorySource(bytes, pieceByteCount: 1000))
            _ = try bake_init.unpack(
                &reader, into: directory.path("tree").bytes, .unprivileged)
        }
    }

    @Test(arguments: [1, 3, 511, 512, 513, 100_000])
    func piecesOfAnyLength(pieces: Int) throws {
        var builder = ArchiveBuilder()
        builder.add("5", "d/")
        builder.add("0", "d/f", contents: Bytes(repeating: 7, count: 1000))
        builder.addRecords("20 mtime=-12.750000\n")
        builder.add("2", "link", link: "d/f")
        let members = try read(builder.finished(), pieces: pieces)
        #expect(members.map(\.path.bytes) == ["d".bytes, "d/f".bytes, "link".bytes])
        #expect(members[1].kind == .file(byteCount: 1000))
        #expect(members[2].kind == .symbolicLink(target: "d/f".bytes))
        #expect(members[2].mtimeSeconds == -13)
        #expect(members[2].mtimeNanoseconds == 250_000_000)
    }

    @Test(arguments: [
        "/etc/passwd", "../x", "a/../../x", "a/..", "..", "",
    ])
    func namesThatLeadElsewhere(name: String) {
        var builder = ArchiveBuilder()
        builder.add("0", name)
        #expect(failure(builder.finished()) == .unsafeName(name.bytes, offset: 0))
        var linked = ArchiveBuilder()
        linked.add("1", "a", link: name)
        #expect(failure(linked.finished()) == .unsafeName(name.bytes, offset: 0))
    }

    @Test func oddHeaders() {
        let cases: [(String, (inout ArchiveBuilder) -> Void, UnpackError)] = [
            ("size", { $0.add("0", "f", size: "0000000009\u{0}") }, .malformed(.size, offset: 0)),
            (
                "negative size",
                {
                    $0.add("0", "f", size: String(repeating: "\u{0}", count: 12))
                    $0.bytes[124] = 0xff
                },
                .damagedHeader(offset: 0)
            ),
            ("uid", { $0.add("0", "f", uid: "000000x\u{0}") }, .malformed(.uid, offset: 0)),
            (
                "mtime", { $0.add("0", "f", mtime: "0000000000y\u{0}") },
                .malformed(.mtime, offset: 0)
            ),
            (
                "device", { $0.add("3", "f", device: "7777777\u{0}") },
                .malformed(.device, offset: 0)
            ),
            ("type", { $0.add("Q", "f") }, .unsupportedType(UInt8(ascii: "Q"), offset: 0)),
            ("sparse", { $0.add("S", "f") }, .sparse(offset: 0)),
            (
                "hard link with contents", { $0.add("1", "f", link: "g", contents: [1]) },
                .malformed(.size, offset: 0)
            ),
            ("no target", { $0.add("2", "f") }, .malformed(.linkTarget, offset: 0)),
            ("root as file", { $0.add("0", "./") }, .unsafeName("./".bytes, offset: 0)),
            (
                "record without its length",
                {
                    $0.addRecords("x path=a\n"); $0.add("0", "f")
                },
                .malformed(.extendedHeader, offset: 0)
            ),
            (
                "record too long",
                {
                    $0.addRecords("99 path=a\n"); $0.add("0", "f")
                },
                .malformed(.extendedHeader, offset: 0)
            ),
            (
                "record of nothing",
                {
                    $0.addRecords("0 "); $0.add("0", "f")
                },
                .malformed(.extendedHeader, offset: 0)
            ),
            (
                "enormous size", { $0.addRecords("28 size=99999999999999999999\n") },
                .malformed(.extendedHeader, offset: 0)
            ),
            (
                "uid of nobody at all",
                {
                    $0.addRecords("18 uid=4294967295\n"); $0.add("0", "f")
                },
                .malformed(.uid, offset: 1024)
            ),
            (
                "sparse by record",
                {
                    $0.addRecords("22 GNU.sparse.major=1\n"); $0.add("0", "f")
                },
                .sparse(offset: 1024)
            ),
            (
                "contents missing", { $0.add("0", "f", size: "00000010000\u{0}") },
                .archiveEndsEarly(offset: 1536)
            ),
        ]
        for (name, build, expected) in cases {
            var builder = ArchiveBuilder()
            build(&builder)
            #expect(failure(builder.finished()) == expected, "\(name)")
        }
    }

    @Test func theOldShapes() throws {
        var builder = ArchiveBuilder()
        builder.add("\u{0}", "old-directory/", magic: "")
        builder.add("\u{0}", "old-file", contents: [1], magic: "")
        builder.add(
            "L", "././@LongLink", contents: (String(repeating: "n", count: 150) + "\u{0}").bytes,
            magic: "ustar  \u{0}")
        builder.add("0", "cut", magic: "ustar  \u{0}")
        let members = try read(builder.finished())
        #expect(members.map(\.kind) == [.directory, .file(byteCount: 1), .file(byteCount: 0)])
        #expect(members[2].path.bytes.count == 150)
    }

    /// An archive that goes on where a link of its own leads outside gets nowhere.
    @Test(arguments: ["0", "5", "1", "2", "6"])
    func nothingIsWrittenThroughLinks(type: String) throws {
        let directory = try TemporaryDirectory()
        try directory.write("kept", to: "outside/file")
        try FileManager.default.createDirectory(
            atPath: directory.path("tree"), withIntermediateDirectories: false)
        var builder = ArchiveBuilder()
        builder.add("0", "own")
        builder.add("2", "way", link: "../outside")
        builder.add(
            Character(type), "way/\(type == "5" ? "new/" : "new")",
            link: type == "1" ? "own" : type == "2" ? "x" : "")
        let error = #expect(throws: UnpackError.self) {
            try unpack(builder.finished(), into: directory)
        }
        #expect(error == .throughSymbolicLink("way".bytes))
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: directory.path("outside"))
                == ["file"])
    }

    @Test func hardLinksThroughLinksAreRefused() throws {
        let directory = try TemporaryDirectory()
        try directory.write("secret", to: "outside/file")
        try FileManager.default.createDirectory(
            atPath: directory.path("tree"), withIntermediateDirectories: false)
        var builder = ArchiveBuilder()
        builder.add("2", "way", link: "../outside")
        builder.add("1", "got", link: "way/file")
        #expect(throws: UnpackError.throughSymbolicLink("way".bytes)) {
            try unpack(builder.finished(), into: directory)
        }
    }

    /// A file where a link stands replaces the link, not what it points to.
    @Test func laterMembersReplaceEarlierOnes() throws {
        let directory = try TemporaryDirectory()
        try directory.write("kept", to: "outside")
        try FileManager.default.createDirectory(
            atPath: directory.path("tree"), withIntermediateDirectories: false)
        var builder = ArchiveBuilder()
        builder.add("2", "f", link: "../outside")
        builder.add("0", "f", contents: "new".bytes)
        builder.add("0", "implied/by/path", contents: "far".bytes)
        try unpack(builder.finished(), into: directory)
        #expect(try String(contentsOfFile: directory.path("outside"), encoding: .utf8) == "kept")
        #expect(try String(contentsOfFile: directory.path("tree/f"), encoding: .utf8) == "new")
        #expect(
            try String(contentsOfFile: directory.path("tree/implied/by/path"), encoding: .utf8)
                == "far")
    }

    /// Bits flipped, bytes dropped, headers repaired afterwards so that the damage gets past the
    /// checksum: members or an error, never a trap, and never a path outside.
    @Test func randomDamageNeverTraps() throws {
        var builder = ArchiveBuilder()
        builder.addRecords("20 mtime=-12.750000\n20 path=some/path/a\n")
        builder.add("0", "f", contents: Bytes(repeating: 1, count: 700))
        builder.add("L", "long", contents: "name\u{0}".bytes)
        builder.add("3", "null")
        let whole = builder.finished()
        var random = SystemRandomNumberGenerator()
        var verdicts: Set<Bool> = []
        for round in 0..<6000 {
            var archive = whole
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let offset = Int.random(in: 0..<archive.count, using: &random)
                archive[offset] = UInt8.random(in: .min ... .max, using: &random)
            }
            if round % 3 == 0 {
                archive.removeLast(Int.random(in: 0..<archive.count, using: &random))
            }
            if round % 2 == 0 { repairChecksums(&archive) }
            do {
                for member in try read(archive, pieces: 700) {
                    #expect(!member.path.components.contains("..".bytes))
                }
                verdicts.insert(true)
            } catch {
                #expect(error is UnpackError)
                verdicts.insert(false)
            }
        }
        #expect(verdicts == [true, false])
        for _ in 0..<3000 {
            let count = Int.random(in: 0..<2000, using: &random)
            let noise = (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &random) }
            var fields = ExtendedFields()
            _ = fields.take(records: noise)
            _ = fields.take(records: "12 ".bytes + noise)
            #expect(failure(noise) != nil)
        }
    }

    private func repairChecksums(_ archive: inout Bytes) {
        for start in stride(from: 0, through: archive.count - 512, by: 512) {
            for index in 148..<156 { archive[start + index] = UInt8(ascii: " ") }
            let sum = archive[start..<start + 512].reduce(0) { $0 + Int($1) }
            let text = String(format: "%06o\u{0} ", sum).bytes
            archive.replaceSubrange(start + 148..<start + 156, with: text)
        }
    }
}
