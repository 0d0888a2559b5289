import Blobs
import Foundation
import SystemPackage
import TestSupport
import Testing
import Trees

@testable import Baking

@Suite struct BlobIndexCacheTests {
    /// A blob's index and root hash.
    private static func index(of text: String) throws -> (BlobIndexDraft, rootHash: [UInt8]) {
        let scratch = try TemporaryDirectory()
        try scratch.write(text, to: "tree/file")
        let tree = try MergedTree.overlay([
            Layer.scan(directory: FilePath(scratch.path("tree")), name: "tree")
        ])
        let file = try FileDescriptor.open(
            FilePath(scratch.path("blob")), .readWrite, options: .create,
            permissions: .ownerReadWrite)
        defer { try? file.close() }  // the file is gone in a moment
        var options = SquashFS.Options()
        options.reuse = Reuse()
        let blob = try SquashFS.write(tree, to: file, options: options)
        return (try #require(blob.index), try #require(blob.verity).rootHash)
    }

    @Test func whatWasUsedLongestAgoGoes() throws {
        let scratch = try TemporaryDirectory()
        let samples = try ["a", "bb", "ccc"].map(Self.index)
        let byteCount = try samples[0].0.bytes.count
        let cache = BlobIndexCache(
            directory: FilePath(scratch.path("cache")), limitByteCount: 2 * byteCount)
        for (number, sample) in samples.prefix(2).enumerated() {
            cache.keep(sample.0, rootHash: sample.rootHash)
            let path = cache.directory.appending(sample.rootHash.hexadecimal).string
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSince1970: 1e9 + Double(number))],
                ofItemAtPath: path)
        }
        // Using the older one makes it the younger.
        #expect(cache.index(ofRootHash: samples[0].rootHash) != nil)
        #expect(
            try cache.bytes(ofIndexOf: samples[0].rootHash) == samples[0].0.bytes)
        cache.keep(samples[2].0, rootHash: samples[2].rootHash)
        #expect(cache.index(ofRootHash: samples[0].rootHash) != nil)
        #expect(cache.index(ofRootHash: samples[1].rootHash) == nil)
        #expect(cache.index(ofRootHash: samples[2].rootHash) != nil)
    }

    /// It would push out all others.
    @Test func oneLongerThanAllMayBeIsNotKept() throws {
        let scratch = try TemporaryDirectory()
        let samples = try ["a", "bb"].map(Self.index)
        var cache = BlobIndexCache(directory: FilePath(scratch.path("cache")))
        cache.keep(samples[0].0, rootHash: samples[0].rootHash)
        cache.limitByteCount = try samples[1].0.bytes.count - 1
        cache.keep(samples[1].0, rootHash: samples[1].rootHash)
        #expect(cache.index(ofRootHash: samples[1].rootHash) == nil)
        let names = try FileManager.default.contentsOfDirectory(atPath: scratch.path("cache"))
        #expect(!names.contains { $0.contains(".") }, "nothing half-written")
    }

    @Test func aDirectoryThatCannotBeMadeCostsNothingElse() throws {
        let scratch = try TemporaryDirectory()
        try scratch.write("", to: "file")
        let cache = BlobIndexCache(directory: FilePath(scratch.path("file/cache")))
        let sample = try Self.index(of: "a")
        cache.keep(sample.0, rootHash: sample.rootHash)
        #expect(cache.index(ofRootHash: sample.rootHash) == nil)
    }
}

extension BlobIndexCache {
    fileprivate func bytes(ofIndexOf rootHash: [UInt8]) throws -> Data {
        try Data(
            contentsOf: URL(fileURLWithPath: directory.appending(rootHash.hexadecimal).string))
    }
}

extension BlobIndexDraft {
    /// As they are kept.
    fileprivate var bytes: Data {
        get throws {
            let scratch = try TemporaryDirectory()
            let path = scratch.path("index")
            let file = try FileDescriptor.open(
                FilePath(path), .writeOnly, options: .create, permissions: .ownerReadWrite)
            try file.closeAfter { try write(to: file) }
            return try Data(contentsOf: URL(fileURLWithPath: path))
        }
    }
}

extension [UInt8] {
    fileprivate var hexadecimal: String {
        map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }
}
