import Foundation
import TestSupport
import Testing

@testable import bake_init

/// Blobs by every compressor PID 1 knows, made by the compressors' own programs: whole, cut and
/// damaged.
@Suite struct CompressedBlobTests {
    struct Compressor: Sendable, CustomTestStringConvertible {
        let name: String
        let command: String
        /// Bytes of the header that say nothing about the contents, so that nobody checks them.
        var unchecked = 0..<0

        var testDescription: String { name }
    }

    static let compressors = [
        Compressor(name: "lz4", command: "lz4 -q -B4 -BD --content-size -c"),
        Compressor(name: "zstd", command: "zstd -q -c"),
        Compressor(name: "zstd, 64 MiB", command: "zstd -q --long=26 --no-content-size -c"),
        // Time, effort and system (RFC 1952).
        Compressor(name: "gzip", command: "gzip -nc", unchecked: 4..<10),
        Compressor(name: "xz", command: "xz -0c --check=crc32"),
        Compressor(name: "xz, blocks", command: "xz -9c --block-size=65536 --check=crc64"),
    ]

    @Test(arguments: compressors)
    func treesComeThroughWhole(compressor: Compressor) throws {
        let directory = try TemporaryDirectory()
        try UnpackingTests.shell(UnpackingTests.makeTree, in: directory)
        try UnpackingTests.shell(
            """
            tar --format=pax --xattrs -cf a.tar -C in .
            \(compressor.command) < a.tar > blob; truncate -s %4096 blob
            """, in: directory)
        let report = try UnpackingTests.unpack("blob", in: directory)
        #expect(report.memberCount > 15)
        let expected = try UnpackingTests.description(of: directory.path("in"))
        let found = try UnpackingTests.description(of: directory.path("out"))
        #expect(Set(found.keys) == Set(expected.keys))
        for (path, text) in expected { #expect(found[path] == text, "\(path)") }
    }

    @Test func anArchiveThatIsNotCompressed() throws {
        let directory = try TemporaryDirectory()
        try UnpackingTests.shell(
            "mkdir in; seq 90000 > in/a; tar -cf a.tar -C in .; truncate -s %65536 a.tar",
            in: directory)
        #expect(try UnpackingTests.unpack("a.tar", in: directory).memberCount == 2)
        try UnpackingTests.shell("cmp in/a out/a", in: directory)
        let whole = try Data(contentsOf: directory.url("a.tar"))
        for length in stride(from: 1, to: whole.count, by: 30_011) {
            try whole.prefix(length).write(to: directory.url("cut"))
            #expect(throws: UnpackError.self, "cut at \(length)") {
                try UnpackingTests.unpack("cut", in: directory, byteCount: UInt64(whole.count))
            }
        }
    }

    private static let smallTree =
        "mkdir in; seq 3000 > in/a; head -c 3000 /dev/urandom > in/b; tar -cf a.tar -C in ."

    /// Cut anywhere, it is an error; so it is when the file is shorter than the manifest says.
    @Test(arguments: compressors)
    func cutBlobsAreErrors(compressor: Compressor) throws {
        let directory = try TemporaryDirectory()
        try UnpackingTests.shell(
            "\(Self.smallTree); \(compressor.command) < a.tar > blob", in: directory)
        let whole = try Data(contentsOf: directory.url("blob"))
        let lengths = Array(0..<40) + Array(stride(from: 40, to: whole.count, by: 97))
        for length in lengths + [whole.count - 1] {
            try whole.prefix(length).write(to: directory.url("damaged"))
            #expect(throws: UnpackError.self, "cut at \(length)") {
                try UnpackingTests.unpack("damaged", in: directory)
            }
        }
        #expect(throws: UnpackError.blobEndsEarly(offset: UInt64(whole.count))) {
            try UnpackingTests.unpack(
                "blob", in: directory, byteCount: UInt64(whole.count) + 4096)
        }
    }

    /// Changed anywhere, it is an error, or nothing that anybody would miss: some bits of a header
    /// have no meaning.
    @Test(arguments: compressors)
    func damagedBlobsAreErrors(compressor: Compressor) throws {
        let directory = try TemporaryDirectory()
        try UnpackingTests.shell(
            "\(Self.smallTree); \(compressor.command) < a.tar > blob", in: directory)
        let whole = try Data(contentsOf: directory.url("blob"))
        let contents = try ["a", "b"].map { try Data(contentsOf: directory.url("in/\($0)")) }
        var harmless: [Int] = []
        let offsets = Array(0..<64) + Array(stride(from: 64, to: whole.count, by: 61))
        for offset in offsets + [whole.count - 5, whole.count - 1] {
            var damaged = whole
            damaged[offset] ^= UInt8(1) << UInt8(offset % 8)
            try damaged.write(to: directory.url("damaged"))
            do {
                _ = try UnpackingTests.unpack("damaged", in: directory)
                let found = try ["a", "b"].map { try Data(contentsOf: directory.url("out/\($0)")) }
                #expect(found == contents, "changed at \(offset)")
                harmless.append(offset)
            } catch is UnpackError {
            }
        }
        #expect(
            harmless.allSatisfy { $0 < 24 || compressor.unchecked.contains($0) },
            "not noticed: \(harmless)")
    }

    /// More memory for unpacking than bake's own streams ever take is refused before it is taken.
    @Test(arguments: [
        "zstd -q --long=27 --no-content-size -c", "zstd -q --ultra -22 --no-content-size -c",
        "xz --lzma2=dict=65MiB -c",
    ])
    func aWindowThatIsTooLarge(command: String) throws {
        let directory = try TemporaryDirectory()
        try UnpackingTests.shell(
            "mkdir in; echo a > in/a; tar -cf - -C in . | \(command) > blob", in: directory)
        let error = #expect(throws: UnpackError.streamTakesTooMuchMemory) {
            try UnpackingTests.unpack("blob", in: directory)
        }
        #expect(
            error?.description
                == "the compressed archive takes more than 64 MB of memory to unpack")
    }

    @Test(arguments: ["bzip2 -c", "lz4 -lc", "tail -c +2", "head -c 256"])
    func unknownCompressions(command: String) throws {
        let directory = try TemporaryDirectory()
        try UnpackingTests.shell(
            "mkdir in; echo a > in/a; tar -cf - -C in . | \(command) > blob", in: directory)
        let error = #expect(throws: UnpackError.unknownCompression) {
            try UnpackingTests.unpack("blob", in: directory)
        }
        #expect(error?.description == "the archive is neither tar nor lz4, zstd, gzip or xz")
    }
}
