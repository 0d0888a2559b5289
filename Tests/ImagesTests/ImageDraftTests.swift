import BakeContract
import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import Images

/// A blob that is written straight into the image, and parts that come from files.
@Suite struct ImageDraftTests {
    let sample: SampleContents
    let output: FilePath

    init() throws {
        sample = try SampleContents()
        output = FilePath(sample.directory.path("app.img"))
    }

    /// Numbers of a blob nobody has seen yet, of other lengths than the true ones.
    private func contents(expecting byteCount: Int) throws -> ImageContents {
        var contents = sample.contents
        contents.blob.description.byteCount = byteCount
        contents.blob.description.digest = .of([])
        contents.settings = try Initramfs.settings(
            guestManifest: contents.blob.description.guestManifest,
            configuration: SyntheticImage.configuration)
        return contents
    }

    @Test(arguments: [true, false], [4096, 4096 << 16])
    func thePlaceOfTheBlobIsKnownBefore(leavesBlobInPlace: Bool, byteCount: Int) throws {
        var expectation = try contents(expecting: byteCount)
        expectation.leavesBlobInPlace = leavesBlobInPlace
        let offset = try ImageWriter.blobOffset(in: expectation)
        var contents = sample.contents
        contents.leavesBlobInPlace = leavesBlobInPlace
        try ImageWriter.write(contents, to: output)
        #expect(try BootImage(opening: output)[.blob].range.lowerBound == offset)
    }

    /// Right or wrong, the place makes no difference to the image.
    @Test(arguments: [0, 4096])
    func aBlobThatIsThereAlreadyMakesTheSameImage(distance: Int) throws {
        try ImageWriter.write(sample.contents, to: output)
        let expected = try Data(contentsOf: URL(fileURLWithPath: output.string))
        var contents = sample.contents
        let draft = try OutputFile(replacing: output)
        contents.blob.descriptor = draft.descriptor
        contents.blob.offset = try ImageWriter.blobOffset(in: contents) + distance
        try draft.write(sample.blobBytes, at: contents.blob.offset)
        let inode = try HostFile(draft.descriptor)
        try ImageWriter.write(contents, to: output, draft: draft)
        #expect(try Data(contentsOf: URL(fileURLWithPath: output.string)) == expected)
        #expect(try (HostFile(output) == inode) == (distance == 0))
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: sample.directory.path("."))
                .filter { $0.hasPrefix(".") } == [])
    }

    @Test func aKernelInAFileMakesTheSameImage() throws {
        try ImageWriter.write(sample.contents, to: output)
        let expected = try Data(contentsOf: URL(fileURLWithPath: output.string))
        try Data(SampleContents.kernel).write(to: sample.directory.url("vmlinuz"))
        var contents = sample.contents
        contents.kernel = try PartSource(opening: FilePath(sample.directory.path("vmlinuz")))
        try ImageWriter.write(contents, to: output)
        #expect(try Data(contentsOf: URL(fileURLWithPath: output.string)) == expected)
    }

    @Test func aFileThatIsNoLongerWhatItWasIsRefused() throws {
        let path = sample.directory.url("vmlinuz")
        try Data(SampleContents.kernel).write(to: path)
        let kernel = try PartSource(opening: FilePath(path.path))
        let digest = try kernel.digest(of: .kernel)
        let writer = try FileHandle(forWritingTo: path)
        try writer.seek(toOffset: 5000)
        try writer.write(contentsOf: Data("changed".utf8))
        try writer.close()
        let file = try OutputFile(replacing: output)
        #expect(throws: ImageError.malformed(part: .kernel, flaw: .wrongDigest)) {
            try kernel.write(.kernel, withDigest: digest, to: file, at: 0)
        }
    }
}

/// Which file it is.
private struct HostFile: Equatable {
    let device: dev_t
    let inode: ino_t

    init(_ descriptor: FileDescriptor) throws {
        var status = stat()
        try #require(fstat(descriptor.rawValue, &status) == 0)
        (device, inode) = (status.st_dev, status.st_ino)
    }

    init(_ path: FilePath) throws {
        var status = stat()
        try #require(stat(path.string, &status) == 0)
        (device, inode) = (status.st_dev, status.st_ino)
    }
}
