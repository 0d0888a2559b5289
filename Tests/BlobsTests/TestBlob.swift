import Blobs
import Foundation
import SystemPackage
import TestSupport
import Trees

/// A blob in a temporary directory.
struct TestBlob {
    let directory: TemporaryDirectory
    let path: String
    let blob: Blob

    init(
        _ tree: MergedTree, options change: (inout SquashFS.Options) throws -> Void = { _ in },
        progress: (BlobProgress) -> Void = { _ in }
    ) throws {
        directory = try TemporaryDirectory()
        path = directory.path("blob")
        var options = SquashFS.Options()
        try change(&options)
        let file = try FileDescriptor.open(
            FilePath(path), .readWrite, options: [.create, .exclusiveCreate],
            permissions: .ownerReadWrite)
        do {
            blob = try SquashFS.write(tree, to: file, options: options, progress: progress)
            try file.close()
        } catch {
            try file.close()
            throw error
        }
    }

    var bytes: Data {
        get throws { try Data(contentsOf: URL(fileURLWithPath: path)) }
    }
}

extension [UInt8] {
    var hexadecimal: String {
        map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }
}

extension BlobIndexDraft {
    /// As they are kept.
    var bytes: [UInt8] {
        get throws {
            let scratch = try TemporaryDirectory()
            let path = scratch.path("index")
            let file = try FileDescriptor.open(
                FilePath(path), .writeOnly, options: .create, permissions: .ownerReadWrite)
            try file.closeAfter { try write(to: file) }
            return Array(try Data(contentsOf: URL(fileURLWithPath: path)))
        }
    }
}

extension BlobIndex {
    /// Of a file that holds these bytes.
    init?(of bytes: [UInt8], rootHash: [UInt8]) throws {
        let scratch = try TemporaryDirectory()
        let path = scratch.path("index")
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        self.init(try FileDescriptor.open(FilePath(path), .readOnly), rootHash: rootHash)
    }
}
