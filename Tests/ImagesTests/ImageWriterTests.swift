import BakeContract
import Foundation
import Images
import SystemPackage
import TestSupport
import Testing

@Suite struct ImageWriterTests {
    let sample: SampleContents
    let output: FilePath

    init() throws {
        sample = try SampleContents()
        output = FilePath(sample.directory.path("out/app.img"))
        try FileManager.default.createDirectory(
            atPath: sample.directory.path("out"), withIntermediateDirectories: true)
    }

    @Test(arguments: [true, false])
    func theReaderFindsWhatWasWritten(leavesBlobInPlace: Bool) throws {
        var contents = sample.contents
        contents.leavesBlobInPlace = leavesBlobInPlace
        let written = try ImageWriter.write(contents, to: output)
        #expect(try BootImage.verify(output) == [])
        let image = try BootImage(opening: output)
        #expect(image.manifest == written.manifest)
        #expect(image.byteCount == written.byteCount)
        #expect(try image.commandLine() == SampleContents.commandLine)
        #expect(try image.bakedConfiguration() == SyntheticImage.configuration)
        #expect(try image.room() == .empty)
        #expect(try image.summary().leavesBlobInPlace == leavesBlobInPlace)
        let bytes = try file()
        #expect(Array(bytes[image[.blob].range]) == sample.blobBytes)
        #expect(Array(bytes[image[.kernel].range]) == SampleContents.kernel)
    }

    @Test func anEmptyCommandLineIsOne() throws {
        var contents = sample.contents
        contents.commandLine = []
        try ImageWriter.write(contents, to: output)
        #expect(try BootImage.verify(output) == [])
        #expect(try BootImage(opening: output).commandLine() == [])
    }

    /// A reader of PE files that is not ours.
    @Test func objdumpReadsTheSections() throws {
        try ImageWriter.write(sample.contents, to: output)
        let image = try BootImage(opening: output)
        let listing = try runProcess(["objdump", "-h", output.string])
        #expect(listing.status == 0, "\(listing.stderrText)")
        var found: [String: (byteCount: Int, offset: Int)] = [:]
        for line in listing.stdoutText.split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            guard words.count == 7, Int(words[0]) != nil else { continue }
            found[words[1]] = (Int(words[2], radix: 16) ?? -1, Int(words[5], radix: 16) ?? -1)
        }
        let initrd = image[.initramfs].range.lowerBound..<image[.blobTrailer].range.upperBound
        #expect(found[".text"] != nil)
        for (name, range) in [
            (".linux", image[.kernel].range), (".initrd", initrd),
            (".osrel", image[.osRelease].range), (".uname", image[.kernelRelease].range),
            (".bakewhy", image[.provenance].range),
        ] {
            #expect(found[name]?.byteCount == range.count, "\(name)")
            #expect(found[name]?.offset == range.lowerBound, "\(name)")
        }
        #expect(found[".cmdline"]?.byteCount == SampleContents.commandLine.count)
        #expect(found[".cmdline"]?.offset == image[.commandLine].range.lowerBound)
    }

    /// As a reader that is not ours has it.
    @Test func theProvenanceIsAZstandardFrame() throws {
        try ImageWriter.write(sample.contents, to: output)
        let image = try BootImage(opening: output)
        #expect(try image.provenance() == SampleContents.provenance)
        let frame = FilePath(sample.directory.path("provenance.zst"))
        try image.extract(.part(.provenance), to: frame)
        let unpacked = try runProcess(["zstd", "-dc", frame.string])
        #expect(Array(unpacked.stdout) == SampleContents.provenance)
    }

    @Test func aThousandPackagesFitTheManifest() throws {
        var contents = sample.contents
        contents.packages = (0..<1000).map {
            .init(name: "package-\($0)", version: "1:2.3.4-5+deb12u\($0)", architecture: "amd64")
        }
        try ImageWriter.write(contents, to: output)
        #expect(try BootImage(opening: output).manifest.packages.count == 1000)
        #expect(try BootImage.verify(output) == [])
    }

    @Test func theSameContentsMakeTheSameBytes() throws {
        try ImageWriter.write(sample.contents, to: output)
        let first = try file()
        let again = try SampleContents()
        try ImageWriter.write(again.contents, to: output)
        #expect(try file() == first)
    }

    @Test func gapsTakeNoSpace() throws {
        let written = try ImageWriter.write(sample.contents, to: output)
        var status = stat()
        #expect(stat(output.string, &status) == 0)
        // The gap in front of the blob alone is longer than everything else together.
        #expect(Int(status.st_blocks) * 512 < written.byteCount - 500_000)
    }

    @Test func aLinkIsReplacedAndItsTargetLeftAlone() throws {
        try sample.directory.write("precious", to: "target")
        try FileManager.default.createSymbolicLink(
            atPath: output.string, withDestinationPath: sample.directory.path("target"))
        try ImageWriter.write(sample.contents, to: output)
        #expect(
            try String(contentsOf: sample.directory.url("target"), encoding: .utf8) == "precious")
        #expect(try BootImage.verify(output) == [])
    }

    @Test func aFailureLeavesTheOldFileAndNoLitter() throws {
        try sample.directory.write("old", to: "out/app.img")
        var contents = sample.contents
        contents.blob.description.byteCount += 4096  // the file is shorter than that
        let flaw = FormatFlaw.truncated(
            byteCount: sample.blobBytes.count, neededByteCount: sample.blobBytes.count + 4096)
        #expect(throws: ImageError.malformed(part: .blob, flaw: flaw)) {
            try ImageWriter.write(contents, to: output)
        }
        let names = try FileManager.default.contentsOfDirectory(
            atPath: sample.directory.path("out"))
        #expect(names == ["app.img"])
        #expect(try file() == Array("old".utf8))
    }

    @Test func aMissingDirectoryIsNamed() throws {
        let path = FilePath(sample.directory.path("nowhere/app.img"))
        #expect(
            throws: ImageError.file(action: .create, path: path, errno: .noSuchFileOrDirectory)
        ) { try ImageWriter.write(sample.contents, to: path) }
    }

    @Test func aDirectoryIsNotReplaced() throws {
        let path = FilePath(sample.directory.path("out"))
        #expect(throws: ImageError.file(action: .create, path: path, errno: .isDirectory)) {
            try ImageWriter.write(sample.contents, to: path)
        }
    }

    @Test func contentsThatCannotBootAreRefused() throws {
        var contents = sample.contents
        contents.commandLine = Array(repeating: UInt8(ascii: "a"), count: 2048)
        #expect(
            throws: ImageError.tooLarge(
                what: "the kernel command line", byteCount: 2048, limitByteCount: 2047)
        ) { try ImageWriter.write(contents, to: output) }
        contents.commandLine = [0]
        #expect(throws: ImageError.malformed(part: .commandLine, flaw: .badField("NUL"))) {
            try ImageWriter.write(contents, to: output)
        }
        contents = sample.contents
        contents.bootStub[0x40] = 1
        #expect(throws: ImageError.malformed(part: .stub, flaw: .badField("boot record"))) {
            try ImageWriter.write(contents, to: output)
        }
        contents = sample.contents
        contents.blob.description.byteCount -= 1
        #expect(throws: ImageError.malformed(part: .blob, flaw: .badField("length"))) {
            try ImageWriter.write(contents, to: output)
        }
    }

    private func file() throws -> Bytes {
        Array(try Data(contentsOf: URL(fileURLWithPath: output.string)))
    }
}
