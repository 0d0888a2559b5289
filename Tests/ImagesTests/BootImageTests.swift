import BakeContract
import Foundation
import Images
import SystemPackage
import TestSupport
import Testing

@Suite struct BootImageTests {
    let directory: TemporaryDirectory
    let synthetic: SyntheticImage
    let image: BootImage

    init() throws {
        directory = try TemporaryDirectory()
        synthetic = try SyntheticImage()
        image = try BootImage(opening: FilePath(try synthetic.write(to: directory)))
    }

    @Test func knowsEveryPart() {
        #expect(image.parts.map(\.name) == PartName.allCases)
        for part in synthetic.parts where part.name != .manifest {
            #expect(image[part.name] == part)
        }
    }

    @Test func readsWhatThePartsSay() throws {
        #expect(image.kernelVersion == "6.1.0-test")
        #expect(try image.commandLine() == SyntheticImage.commandLine)
        #expect(try image.bakedConfiguration() == SyntheticImage.configuration)
        #expect(try image.guestManifest() == image.manifest.blob.guestManifest.encoded)
        #expect(try image.provenance() == Array("from".utf8))
        #expect(try image.configurationPatch() == Array("{}".utf8))
        #expect(try image.room() == .empty)
    }

    @Test func theSummaryHasItAll() throws {
        let summary = try image.summary()
        #expect(summary.byteCount == synthetic.bytes.count)
        #expect(summary.rows.map(\.part) == image.parts)
        #expect(summary.json["commandLine"]?.string == SyntheticImage.commandLine)
        #expect(summary.json["parts"]?.array?.count == PartName.allCases.count)
        #expect(summary.partLines.first == "offset  bytes  part")
        #expect(summary.partLines.count == PartName.allCases.count + 1)
    }

    @Test(arguments: Extract.all)
    func everyPartComesOutByteForByte(extract: Extract) throws {
        let expected: Bytes =
            switch extract {
            case .part(let name): Array(synthetic.bytes[image[name].range])
            case .blobData: SyntheticImage.squashfs
            case .configuration: SyntheticImage.configuration
            case .initrd:
                Array(
                    synthetic.bytes[
                        image[.initramfs].range.lowerBound..<image[.blobTrailer].range.upperBound])
            }
        #expect(Extract(name: extract.name) == extract)
        try image.extract(extract, to: FilePath(directory.path("out")))
        #expect(try Data(contentsOf: directory.url("out")) == Data(expected))
    }

    @Test func whatTheImageLacksIsNamedAndNothingIsWritten() throws {
        #expect(Extract(name: "kernels") == nil)
        let out = FilePath(directory.path("missing/out"))
        #expect(throws: ImageError.file(action: .create, path: out, errno: .noSuchFileOrDirectory))
        {
            try image.extract(.blobData, to: out)
        }
    }

    @Test(arguments: [
        (Bytes(), "empty"), (Array("#!/bin/sh\n".utf8), "a script"),
        (Bytes(repeating: 0, count: 8192), "zeros"),
    ])
    func otherFilesAreNoImages(content: Bytes, what: String) throws {
        try Data(content).write(to: directory.url("other"))
        let path = FilePath(directory.path("other"))
        #expect(throws: ImageError.notAnImage(path: path), "\(what)") {
            try BootImage(opening: path)
        }
        #expect(throws: ImageError.notAnImage(path: path), "\(what)") {
            try BootImage.verify(path)
        }
    }

    /// A kernel has the setup header and no boot record.
    @Test func aKernelIsNoImage() throws {
        var kernel = synthetic.bytes
        kernel.replaceSubrange(4096..<12288, with: repeatElement(0x90, count: 8192))
        try Data(kernel).write(to: directory.url("kernel"))
        let path = FilePath(directory.path("kernel"))
        #expect(throws: ImageError.notAnImage(path: path)) { try BootImage(opening: path) }
    }

    @Test func aMissingFileIsNamed() {
        let path = FilePath(directory.path("none"))
        #expect(throws: ImageError.file(action: .open, path: path, errno: .noSuchFileOrDirectory)) {
            try BootImage(opening: path)
        }
    }

    /// Every header byte set to hostile values: refused or read, never a trap, and no part that
    /// leaves the file.
    @Test func hostileHeadersNeverTrap() throws {
        let record = SyntheticImage.setupByteCount + BootRecord.payloadOffset
        let headers = SyntheticImage.headerOffset..<SyntheticImage.headerOffset + 760
        let offsets =
            Array(0x3c..<0x40) + [0x1f1] + Array(headers)
            + Array(record..<record + BootRecord.byteCount)
        let path = FilePath(directory.path("hostile"))
        for offset in offsets {
            for byte: UInt8 in [0x00, 0x7f, 0xff] {
                var hostile = synthetic
                hostile.bytes[offset] = byte
                _ = try hostile.write(to: directory, "hostile")
                guard let opened = try? BootImage(opening: path) else { continue }  // refused
                #expect(opened.parts.allSatisfy { $0.range.upperBound <= opened.byteCount })
            }
        }
    }

    /// A manifest whose digest is right and whose content was made to harm.
    @Test func hostileManifestsAreRefused() throws {
        let changes: [@Sendable (inout Manifest) -> Void] = [
            { $0.parts[12].part.range = (1 << 47)..<(1 << 48) },
            { $0.parts[0].part.range = 512..<4096 },
            { $0.parts.removeLast() },
            { $0.parts.swapAt(2, 3) },
            { $0.parts[7].part.range = $0.parts[7].part.range.lowerBound..<(1 << 40) },
            { $0.blob.byteCount -= 4096 },
            { $0.blob.digest = ContentDigest.of([1]) },
            { $0.parts[7].part.range = $0.parts[7].part.range.dropFirst() },
        ]
        for change in changes {
            var hostile = synthetic
            try hostile.writeManifest(change)
            let path = FilePath(try hostile.write(to: directory, "hostile"))
            #expect(throws: ImageError.self) { try BootImage(opening: path) }
            #expect(try !BootImage.verify(path).isEmpty)
        }
    }
}
