import Foundation
import SystemPackage
import TestSupport
import Testing
import Trees

/// Archives that chance has changed: a layer or words, never a crash. Headers get their checksums
/// right again, so that what is behind them is reached.
@Suite struct ArchiveFuzzTests {
    private struct Chance {
        var state: UInt64

        mutating func below(_ limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % limit
        }
    }

    @Test(arguments: [
        "gnu --sparse", "oldgnu --sparse", "pax --sparse --xattrs", "ustar",
        "pax --sparse --sparse-version=0.0", "pax --sparse --sparse-version=0.1",
    ])
    func changedArchives(_ format: String) throws {
        let directory = try TemporaryDirectory()
        try directory.make([
            .directory("t"), .file("t/a", "content"), .hardLink("t/b", to: "t/a"), .fifo("t/p"),
            .symlink("t/l", to: "a"), .xattr("t/a", name: "user.x", hexadecimal: "00ff"),
        ])
        if format != "ustar" {
            try directory.make([
                .sparseFile("t/s", byteCount: 1 << 20, end: "end"),
                .file(HostName("t/" + String(repeating: "n", count: 200))),
            ])
        }
        try directory.run("sh", "-c", "tar --format=\(format) -C t -cf x .")
        let whole = Bytes(try Data(contentsOf: directory.url("x")))
        var chance = Chance(state: 7)
        var readCount = 0
        for _ in 0..<150 {
            var changed = whole
            for _ in 0...chance.below(3) { Self.change(&changed, &chance) }
            for start in stride(from: 0, to: changed.count - 511, by: 512)
            where changed[(start + 257)..<(start + 262)].elementsEqual("ustar".utf8) {
                let block = Bytes(changed[start..<(start + 512)])
                changed.replaceSubrange(start..<(start + 512), with: RawTar.sealed(block))
            }
            do {
                let layer = try directory.layer(changed, name: "y")
                _ = try layer.applyingWhiteouts().listing()
                readCount += 1
            } catch let error as TreeError {
                #expect(!error.description.isEmpty)
            }
        }
        // Neither all nor nothing: both ways were tried.
        #expect((1..<150).contains(readCount))
    }

    /// One byte, a run of digits, or a block in another's place.
    private static func change(_ archive: inout Bytes, _ chance: inout Chance) {
        let place = chance.below(min(archive.count, 8192))
        switch chance.below(4) {
        case 0: archive[place] = UInt8(chance.below(256))
        case 1: archive[place] ^= 1 << UInt8(chance.below(8))
        case 2:
            // A number field of some header.
            let field = [100, 108, 116, 124, 136, 156, 329, 386, 398, 483][chance.below(10)]
            let start = place / 512 * 512 + field
            let digits = Bytes("7777777777777".utf8).prefix(1 + chance.below(12))
            archive.replaceSubrange(start..<(start + digits.count), with: digits)
        default:
            let from = chance.below(archive.count / 512) * 512
            let to = place / 512 * 512
            archive.replaceSubrange(to..<(to + 512), with: Bytes(archive[from..<(from + 512)]))
        }
    }
}
