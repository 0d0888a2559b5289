import Foundation
import SystemPackage
import TestSupport
import Testing
import Trees

@testable import Blobs
@testable import bake_init

/// From a tree over the blob to a tree again, both halves ours.
@Suite struct BakedArchiveTests {
    @Test(arguments: ["lz4", "zstd", "zstd:22", "gzip", "xz", "xz:9", "none"])
    func aTreeComesBackAsItWas(compression: String) throws {
        let directory = try TemporaryDirectory()
        try UnpackingTests.shell(UnpackingTests.makeTree, in: directory)
        // The blob counts whole seconds.
        try UnpackingTests.shell(
            """
            find in -depth -exec touch -h -d '1960-02-03 04:05:06 UTC' {} +
            touch -d '2300-01-01 UTC' in/random
            """, in: directory)
        let layer = try Layer.scan(
            directory: FilePath(directory.path("in")), name: "in")
        let file = try SystemPackage.FileDescriptor.open(
            FilePath(directory.path("blob")), .readWrite, options: [.create],
            permissions: .ownerReadWrite)
        var options = Tar.Options()
        options.compression = try StreamCompression(parsing: compression)
        let blob = try Tar.write(try MergedTree.overlay([layer]), to: file, options: options)
        try file.close()

        let report = try UnpackingTests.unpack(
            "blob", in: directory, byteCount: blob.byteCount)
        #expect(report.memberCount == layer.entries.count)
        let expected = try UnpackingTests.description(of: directory.path("in"))
        let found = try UnpackingTests.description(of: directory.path("out"))
        #expect(Set(found.keys) == Set(expected.keys))
        for (path, text) in expected { #expect(found[path] == text, "\(path)") }
    }
}
