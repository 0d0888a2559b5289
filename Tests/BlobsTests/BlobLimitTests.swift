import Blobs
import Foundation
import SystemPackage
import TestSupport
import Testing
import Trees

/// Blobs for which their user has no place are given up when that is seen, not when they are done.
@Suite struct BlobLimitTests {
    private let directory: TemporaryDirectory
    private let tree: MergedTree
    private let limit = 1_000_000

    init() throws {
        directory = try TemporaryDirectory()
        try directory.make([.directory("tree"), .noise("tree/noise", byteCount: 40_000_000)])
        tree = try MergedTree.overlay([
            .scan(directory: FilePath(directory.path("tree")), name: "tree")
        ])
    }

    /// Writes a blob that comes to its limit, and returns how long it was then, in bytes.
    private func write(_ body: (FileDescriptor) throws -> Void) throws -> Int {
        let file = try FileDescriptor.open(
            FilePath(directory.path("blob")), .readWrite, options: .create,
            permissions: .ownerReadWrite)
        defer { try? file.close() }  // what is in it is not wanted
        #expect(throws: BlobError.tooLong(limitByteCount: UInt64(limit))) { try body(file) }
        return Int(try file.seek(offset: 0, from: .end))
    }

    @Test func squashFS() throws {
        let byteCount = try write { file in
            var options = SquashFS.Options()
            options.limitByteCount = UInt64(limit)
            _ = try SquashFS.write(tree, to: file, options: options)
        }
        #expect(byteCount <= limit)
    }

    @Test func tar() throws {
        let byteCount = try write { file in
            var options = Tar.Options()
            options.limitByteCount = UInt64(limit)
            _ = try Tar.write(tree, to: file, options: options)
        }
        #expect(byteCount <= limit)
    }

    @Test func blobsOfTheirLimitAreWritten() throws {
        let whole = try TestBlob(tree)
        let again = try TestBlob(tree) { $0.limitByteCount = whole.blob.byteCount }
        #expect(try again.bytes == whole.bytes)
    }
}
