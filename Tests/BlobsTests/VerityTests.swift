import Blobs
import Foundation
import TestSupport
import Testing
import Trees

/// The hash tree as veritysetup and a plain SHA-256 see it.
@Suite struct VerityTests {
    /// Trees of one data block, one level, and two levels of hashes.
    @Test(arguments: [0, 10_000, 400_000, 1_500_000])
    func veritysetupAgrees(noiseByteCount: Int) throws {
        let blob = try TestBlob(Self.noise(noiseByteCount)) {
            $0.compression = try Compression(.none)
        }
        let verity = try #require(blob.blob.verity)
        let salt = String(repeating: "00", count: 32)
        #expect(verity.salt.hexadecimal == salt)
        #expect(verity.hashStartBlock == verity.dataBlockCount)
        let data = "\(blob.directory.path)/data"
        let tree = "\(blob.directory.path)/tree"
        let bytes = try blob.bytes
        let dataByteCount = Int(verity.dataBlockCount) * 4096
        try bytes.prefix(dataByteCount).write(to: URL(fileURLWithPath: data))
        let formatted = try runProcess(
            ["veritysetup", "format", "--no-superblock", "--salt", salt, data, tree])
        #expect(formatted.status == 0, "\(formatted.stderrText)")
        #expect(formatted.stdoutText.contains(verity.rootHash.hexadecimal))
        #expect(
            try Data(contentsOf: URL(fileURLWithPath: tree)) == bytes.dropFirst(dataByteCount))
    }

    @Test func veritysetupFindsAFlippedBit() throws {
        let blob = try TestBlob(Self.noise(300_000))
        #expect(try verify(blob) == 0)
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: blob.path))
        let offset: UInt64 = 200_000
        try file.seek(toOffset: offset)
        let byte = try #require(try file.read(upToCount: 1)?.first)
        try file.seek(toOffset: offset)
        try file.write(contentsOf: Data([byte ^ 1]))
        try file.close()
        #expect(try verify(blob) != 0)
    }

    @Test func onlyZerosStandBetweenDataAndTree() throws {
        let blob = try TestBlob(Self.noise(2_000_000))
        let bytes = try blob.bytes
        #expect(blob.blob.byteCount == UInt64(bytes.count))
        #expect(blob.blob.sha256 == nil)
        let padding = Int(blob.blob.dataByteCount)..<Int(blob.blob.verity!.hashStartBlock) * 4096
        #expect(padding.count < 4096)
        #expect(bytes[padding].allSatisfy { $0 == 0 })
    }

    private func verify(_ blob: TestBlob) throws -> Int32 {
        let verity = blob.blob.verity!
        return try runProcess([
            "veritysetup", "verify", "--no-superblock",
            "--data-blocks", "\(verity.dataBlockCount)",
            "--hash-offset", "\(verity.hashStartBlock * 4096)",
            "--data-block-size", "4096", "--hash-block-size", "4096",
            "--salt", verity.salt.hexadecimal,
            blob.path, blob.path, verity.rootHash.hexadecimal,
        ]).status
    }

    private static func noise(_ byteCount: Int) throws -> MergedTree {
        var state: UInt64 = 1
        let noise = (0..<byteCount).map { _ -> UInt8 in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return UInt8(truncatingIfNeeded: state >> 56)
        }
        var layer = Layer(name: "noise")
        layer.add(.file(noise), at: "noise")
        return try MergedTree.overlay([layer])
    }
}
