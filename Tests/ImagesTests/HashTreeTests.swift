import BakeContract
import Foundation
import Images
import SystemPackage
import TestSupport
import Testing

/// Images whose hash tree veritysetup made: of one block, of one level, and of two.
@Suite struct HashTreeTests {
    private let sample: SampleContents

    init() throws {
        sample = try SampleContents()
    }

    /// Of the one block, of the first and last of each piece a worker gets, of every block of
    /// hashes, and of the zeros behind those: the block is named.
    @Test(arguments: [1, 2, 128, 300])
    func everyFlippedBitIsFound(dataBlockCount: Int) throws {
        let path = try image(dataBlockCount: dataBlockCount, salt: "00ff10")
        #expect(try BootImage.verify(path) == [])
        let image = try BootImage(opening: path)
        try image.checkBlob()
        let blob = image[.blob].range
        let file = try FileDescriptor.open(path, .readWrite)
        defer { try? file.close() }  // the directory goes away with the test
        let blocks = [0, 1, 127, 128, 255, 256] + Array(dataBlockCount - 1..<blob.count / 4096)
        for block in Set(blocks) where block < blob.count / 4096 {
            for position in [0, 33, 4095] {
                let start = blob.lowerBound + block * 4096
                let damages = try damages(path, file, flippingBitAt: start + position)
                let damage = Damage(place: .part(.blob), flaw: .wrongBlock(offset: start))
                #expect(damages == [damage], "byte \(position) of block \(block)")
            }
        }
        #expect(try BootImage.verify(path) == [])
    }

    @Test func anotherRootHashIsDamage() throws {
        let path = try image(dataBlockCount: 200, salt: "-") { $0.rootHash = .of([]) }
        let image = try BootImage(opening: path)
        let root = image[.blob].range.lowerBound + 200 * 4096
        #expect(
            try BootImage.verify(path) == [
                Damage(place: .part(.blob), flaw: .wrongBlock(offset: root))
            ])
        #expect(throws: ImageError.malformed(part: .blob, flaw: .wrongBlock(offset: root))) {
            try image.checkBlob()
        }
    }

    @Test(arguments: [0, 1, 199, 201, 1 << 47])
    func aTreeThatStandsElsewhereIsRefused(dataBlockCount: Int) throws {
        let path = try image(dataBlockCount: 200, salt: "-") {
            $0.dataBlockCount = dataBlockCount
            $0.hashStartBlock = dataBlockCount
        }
        #expect(
            try BootImage.verify(path) == [
                Damage(place: .part(.blob), flaw: .badField("hash tree"))
            ])
    }

    private func damages(
        _ path: FilePath, _ file: FileDescriptor, flippingBitAt offset: Int
    ) throws -> [Damage] {
        var byte: [UInt8] = [0]
        _ = try byte.withUnsafeMutableBytes {
            try file.read(fromAbsoluteOffset: Int64(offset), into: $0)
        }
        try file.writeAll(toAbsoluteOffset: Int64(offset), [byte[0] ^ 4])
        defer { _ = try? file.writeAll(toAbsoluteOffset: Int64(offset), byte) }  // seen at the end
        return try BootImage.verify(path)
    }

    private func image(
        dataBlockCount: Int, salt: String, _ change: (inout VerityDescription) -> Void = { _ in }
    ) throws -> FilePath {
        let directory = sample.directory
        let blob = directory.path("squashfs")
        let data = SyntheticImage.noise(byteCount: dataBlockCount * 4096, seed: 12)
        try Data(data).write(to: directory.url("squashfs"))
        let formatted = try runProcess([
            "veritysetup", "format", "--no-superblock", "--salt", salt,
            "--hash-offset", "\(data.count)", blob, blob,
        ])
        let line = formatted.stdoutText.split(separator: "\n").first { $0.hasPrefix("Root hash") }
        guard let digits = line?.split(whereSeparator: \.isWhitespace).last,
            let rootHash = ContentDigest(hex: digits.utf8)
        else { throw TestFailure("veritysetup: \(formatted.stdoutText)\(formatted.stderrText)") }
        var verity = VerityDescription(
            rootHash: rootHash, salt: salt == "-" ? [] : [0, 0xff, 0x10],
            dataBlockCount: dataBlockCount, hashStartBlock: dataBlockCount)
        change(&verity)
        let byteCount = try Data(contentsOf: directory.url("squashfs")).count
        let description = BlobDescription(
            kind: .squashfs, compression: "zstd", byteCount: byteCount,
            dataByteCount: data.count - 5, digest: nil, verity: verity)
        var contents = sample.contents
        contents.settings = try Initramfs.settings(
            guestManifest: description.guestManifest, configuration: SyntheticImage.configuration)
        let file = try FileDescriptor.open(FilePath(blob), .readOnly)
        defer { try? file.close() }  // only read
        contents.blob = BlobSource(
            descriptor: file, path: FilePath(blob), description: description)
        let path = FilePath(directory.path("image"))
        try ImageWriter.write(contents, to: path)
        return path
    }
}
