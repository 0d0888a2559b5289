import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import Blobs

/// Streams read back by the programs their formats come from.
@Suite struct CompressedStreamTests {
    struct Format: Sendable, CustomTestStringConvertible {
        let algorithm: StreamAlgorithm
        /// Fast, for what does not depend on it.
        let level: Int
        let check: String
        let unpack: String

        var testDescription: String { algorithm.rawValue }
    }

    static let formats = [
        Format(algorithm: .zstd, level: 1, check: "zstd -tq", unpack: "zstd -dcq"),
        Format(algorithm: .gzip, level: 1, check: "gzip -t", unpack: "gzip -dc"),
        Format(algorithm: .xz, level: 0, check: "xz -t", unpack: "xz -dc"),
        Format(algorithm: .lz4, level: 1, check: "lz4 -tq", unpack: "lz4 -dcq"),
        Format(algorithm: .lz4Legacy, level: 1, check: "lz4 -tq", unpack: "lz4 -dcq"),
        Format(algorithm: .none, level: 0, check: "cat", unpack: "cat"),
    ]

    /// Text that shrinks and noise that does not, by turns.
    static func contents(_ byteCount: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(byteCount + 64)
        var state: UInt64 = 1
        while bytes.count < byteCount {
            if bytes.count & 0x18000 == 0 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                withUnsafeBytes(of: state) { bytes += $0 }
            } else {
                bytes += Array("line \(bytes.count / 7) of the contents\n".utf8)
            }
        }
        return Array(bytes.prefix(byteCount))
    }

    /// Written in pieces of a length of their own, which must make no difference.
    private func write(
        _ contents: [UInt8], _ format: Format, to path: String, workerCount: Int = 2,
        pieceByteCount: Int = 1 << 20, level: Int? = nil, knowsLength: Bool = true
    ) throws -> CompressedStream.Written {
        let file = try FileDescriptor.open(
            FilePath(path), .readWrite, options: [.create, .truncate],
            permissions: .ownerReadWrite)
        defer { try? file.close() }  // a test's file; what counts was written before
        var stream = try CompressedStream(
            to: BlobOutput(file),
            compression: StreamCompression(format.algorithm, level: level ?? format.level),
            workerCount: workerCount,
            expectedByteCount: knowsLength ? UInt64(contents.count) : nil)
        for start in stride(from: 0, to: contents.count, by: pieceByteCount) {
            try stream.append(Array(contents[start...].prefix(pieceByteCount)))
        }
        return try stream.finish(paddedTo: 1)
    }

    /// Across the edges of every format's blocks, and of zstd's jobs.
    @Test(arguments: formats)
    func sameBytesForEveryNumberOfThreads(format: Format) throws {
        let directory = try TemporaryDirectory()
        let contents = Self.contents((17 << 20) + 4321)
        let first = try write(contents, format, to: directory.path("1"), workerCount: 1)
        for (workerCount, pieceByteCount) in [(2, 777_777), (3, 1 << 24), (8, 99_999)] {
            let name = "\(workerCount)"
            let written = try write(
                contents, format, to: directory.path(name), workerCount: workerCount,
                pieceByteCount: pieceByteCount)
            #expect(written == first, "\(workerCount) threads")
            #expect(
                try Data(contentsOf: directory.url(name)) == Data(contentsOf: directory.url("1")))
        }
        try Data(contents).write(to: directory.url("contents"))
        let script = "\(format.check) < 1 > /dev/null && \(format.unpack) < 1 | cmp - contents"
        let compared = try runProcess(["sh", "-c", script], in: directory.path)
        #expect(compared.status == 0, "\(compared.stdoutText)\(compared.stderrText)")
        let digest = try runProcess(["sha256sum", directory.path("1")])
        #expect(digest.stdoutText.hasPrefix(first.sha256.hexadecimal))
    }

    @Test(arguments: formats)
    func everyLengthAndLevelIsRead(format: Format) throws {
        let directory = try TemporaryDirectory()
        let block = 1 << 20
        let contents = Self.contents(2 * block + 1)
        var script = "set -e\n"
        for byteCount in [0, 1, 32768, block - 1, block, block + 1, 2 * block] {
            for knowsLength in [true, false] {
                _ = try write(
                    Array(contents.prefix(byteCount)), format,
                    to: directory.path("\(byteCount)-\(knowsLength)"), knowsLength: knowsLength)
                script += "\(format.unpack) < \(byteCount)-\(knowsLength) > out\n"
                script += "head -c \(byteCount) contents | cmp - out\n"
            }
        }
        let levels = format.algorithm.levels
        for level in [levels[0], 2, format.algorithm.defaultLevel, 9]
        where levels.contains(level) {
            _ = try write(contents, format, to: directory.path("level-\(level)"), level: level)
            script += "\(format.unpack) < level-\(level) | cmp - contents\n"
        }
        try Data(contents).write(to: directory.url("contents"))
        let compared = try runProcess(["sh", "-c", script], in: directory.path)
        #expect(compared.status == 0, "\(compared.stdoutText)\(compared.stderrText)")
    }

    /// The kernel takes what follows a stream for the next archive, so there must be but one.
    @Test func oneFrameMemberOrStream() throws {
        let directory = try TemporaryDirectory()
        let contents = Self.contents(9 << 20)
        for format in Self.formats {
            _ = try write(contents, format, to: directory.path(format.algorithm.rawValue))
        }
        let script = """
            import lzma, zlib
            gzip = zlib.decompressobj(31)
            gzip.decompress(open('gzip', 'rb').read())
            print(gzip.eof, len(gzip.unused_data))
            xz = lzma.LZMADecompressor(lzma.FORMAT_XZ)
            xz.decompress(open('xz', 'rb').read())
            print(xz.eof, len(xz.unused_data), xz.check == lzma.CHECK_CRC32)
            """
        let result = try runProcess(["python3", "-c", script], in: directory.path)
        #expect(result.stdoutText == "True 0\nTrue 0 True\n", "\(result.stderrText)")
        let listed = try runProcess(
            ["sh", "-c", "zstd -lv zstd 2>/dev/null || zstd -lv ./zstd"], in: directory.path)
        #expect(listed.stdoutText.contains("# Zstandard Frames: 1\n"), "\(listed.stdoutText)")
        #expect(listed.stdoutText.contains("Check: XXH64"))
        let legacy = try Data(contentsOf: directory.url("lz4-legacy"))
        #expect(legacy.starts(with: [2, 0x21, 0x4c, 0x18]))
        // Neither name nor time.
        #expect(
            try Data(contentsOf: directory.url("gzip")).prefix(10)
                == Data([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 3]))
    }

    @Test(arguments: formats)
    func paddingIsZerosAndCounted(format: Format) throws {
        let directory = try TemporaryDirectory()
        let file = try FileDescriptor.open(
            FilePath(directory.path("a")), .readWrite, options: [.create],
            permissions: .ownerReadWrite)
        defer { try? file.close() }  // a test's file; what counts was written before
        var stream = try CompressedStream(
            to: BlobOutput(file),
            compression: StreamCompression(format.algorithm, level: format.level), workerCount: 1,
            expectedByteCount: nil)
        try stream.append(Array("something".utf8))
        let written = try stream.finish(paddedTo: 4096)
        let bytes = try Data(contentsOf: directory.url("a"))
        #expect(written.byteCount == 4096 && bytes.count == 4096)
        #expect(written.dataByteCount < 100)
        #expect(bytes[Int(written.dataByteCount)...].allSatisfy { $0 == 0 })
    }

    /// A source that fails half-way, with all threads at work: its error, and an end to them.
    @Test(arguments: formats)
    func aFailingSourceEndsIt(format: Format) throws {
        let directory = try TemporaryDirectory()
        let file = try FileDescriptor.open(
            FilePath(directory.path("a")), .readWrite, options: [.create],
            permissions: .ownerReadWrite)
        defer { try? file.close() }  // a test's file
        let failure = BlobError.output(.read, .ioError)
        #expect(throws: failure) {
            var stream = try CompressedStream(
                to: BlobOutput(file),
                compression: StreamCompression(format.algorithm, level: format.level),
                workerCount: 3, expectedByteCount: nil)
            try stream.append(Self.contents(12 << 20))
            _ = try stream.fill { (_) throws(BlobError) in throw failure }
            _ = try stream.finish(paddedTo: 1)
        }
    }

    /// The error comes back while there are still blocks to come, or at the end.
    @Test(arguments: formats)
    func anOutputThatCannotBeWrittenIsAnError(format: Format) throws {
        let closed = try FileDescriptor.open("/dev/null", .readOnly)
        defer { try? closed.close() }  // nothing was written
        let compression = try StreamCompression(format.algorithm, level: format.level)
        #expect(throws: BlobError.output(.resize, .invalidArgument)) {
            _ = try CompressedStream(
                to: BlobOutput(closed), compression: compression, workerCount: 1,
                expectedByteCount: nil)
        }
        // Everything written to it fails for want of space (full(4)).
        let full = try FileDescriptor.open("/dev/full", .readWrite)
        defer { try? full.close() }  // nothing was written
        #expect(throws: BlobError.output(.write, .noSpace)) {
            let encoder = try makeEncoder(
                StreamOutput(BlobOutput(full)), compression, workerCount: 3, expectedByteCount: nil)
            for _ in 0..<24 {
                let block = try encoder.takeBlock()
                block.initializeMemory(as: UInt8.self, repeating: 1)
                try encoder.submit(block.count, isLast: false)
            }
            _ = try encoder.takeBlock()
            try encoder.submit(0, isLast: true)
            _ = try encoder.finish()
        }
    }

    @Test(arguments: [
        ("zstd", StreamAlgorithm.zstd, 3), ("zstd:22", .zstd, 22), ("lz4:9", .lz4, 9),
        ("xz:0", .xz, 0), ("gzip", .gzip, 6), ("none", .none, 0),
    ])
    func names(text: String, algorithm: StreamAlgorithm, level: Int) throws {
        let compression = try StreamCompression(parsing: text)
        #expect(compression.algorithm == algorithm && compression.level == level)
    }

    @Test(arguments: [
        ("lz4-legacy", "unknown compression 'lz4-legacy'"), ("zstd:", "unknown compression"),
        ("brotli", "unknown compression 'brotli'"),
        ("xz:10", "xz has no level 10: expected 0 to 9"),
        ("lz4:0", "lz4 has no level 0: expected 1 to 12"),
        ("none:1", "none has no level 1: expected no level"),
    ])
    func otherNames(text: String, message: String) {
        let error = #expect(throws: BlobError.self) { try StreamCompression(parsing: text) }
        #expect(error?.description.hasPrefix(message) == true, "\(error?.description ?? "")")
    }
}
