import BakeContract
import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import Images

/// Settings that go into the room, in place.
@Suite struct ImageEditorTests {
    let directory: TemporaryDirectory
    let synthetic: SyntheticImage
    let path: FilePath

    init() throws {
        directory = try TemporaryDirectory()
        synthetic = try SyntheticImage()
        path = FilePath(try synthetic.write(to: directory))
    }

    private func write(_ patch: String) throws {
        try ImageEditor(opening: path).write(patch: Array(patch.utf8))
    }

    @Test func theNewPatchCountsAndNothingElseChanged() throws {
        for text in [#"{"hostname":"one"}"#, #"{"hostname":"two"}"#, "{}"] {
            try write(text)
            let image = try BootImage(opening: path)
            #expect(try image.configurationPatch() == Array(text.utf8))
            #expect(try BootImage.verify(path) == [])
            let now = Bytes(try Data(contentsOf: directory.url("image")))
            let room = synthetic.range(.room)
            #expect(now.count == synthetic.bytes.count)
            #expect(now[..<room.lowerBound] == synthetic.bytes[..<room.lowerBound])
            #expect(now[room.upperBound...] == synthetic.bytes[room.upperBound...])
        }
    }

    /// However much of the new slot reached the disk, the configuration is the old one or, when
    /// all of it did, the new one.
    @Test func aTornWriteLeavesTheOldConfiguration() throws {
        try write(#"{"hostname":"old"}"#)
        let before = Bytes(try Data(contentsOf: directory.url("image")))
        try write(#"{"hostname":"new"}"#)
        let after = Bytes(try Data(contentsOf: directory.url("image")))
        let changed = before.indices.filter { before[$0] != after[$0] }
        let first = try #require(changed.first)
        let last = try #require(changed.last)
        for end in Array(first...last) + [before.count] {
            let torn = Array(after[..<end]) + Array(before[end...])
            try Data(torn).write(to: directory.url("torn"))
            let image = try BootImage(opening: FilePath(directory.path("torn")))
            let patch = try image.configurationPatch()
            let expected = end > last ? #"{"hostname":"new"}"# : #"{"hostname":"old"}"#
            #expect(String(decoding: patch, as: UTF8.self) == expected, "torn at \(end)")
        }
    }

    @Test func aPatchWithoutRoomChangesNothing() throws {
        let long = Bytes(repeating: 0x20, count: ConfigurationRoom.textLimitByteCount + 1)
        #expect(
            throws: ImageError.patchTooLong(
                byteCount: long.count, limitByteCount: ConfigurationRoom.textLimitByteCount)
        ) { try ImageEditor(opening: path).write(patch: long) }
        #expect(try Data(contentsOf: directory.url("image")) == Data(synthetic.bytes))
    }

    @Test func twoEditorsDoNotMeet() throws {
        let other = try FileDescriptor.open(path, .readWrite)
        defer { try? other.close() }  // the directory goes away with the test
        #expect(flock(other.rawValue, LOCK_EX) == 0)
        let name = FilePath(try #require(realpath(path.string)))
        let busy = Errno.resourceTemporarilyUnavailable
        #expect(throws: ImageError.file(action: .lock, path: name, errno: busy)) {
            try write("{}")
        }
    }

    private func realpath(_ path: String) -> String? {
        URL(fileURLWithPath: path).resolvingSymlinksInPath().path
    }
}

/// Images that are written anew from nothing but themselves.
@Suite struct ImageRewriteTests {
    let sample: SampleContents
    let path: FilePath

    init() throws {
        sample = try SampleContents()
        path = FilePath(sample.directory.path("image"))
    }

    @Test(arguments: [0, 3_000_000])
    func withoutAChangeItIsTheSameFile(treeByteCount: Int) throws {
        var contents = sample.contents
        contents.blob.treeByteCount = treeByteCount
        try ImageWriter.write(contents, to: path)
        let before = try Data(contentsOf: sample.directory.url("image"))
        try ImageEditor(opening: path).rewrite(
            configuration: SyntheticImage.configuration, bakeVersion: "0.1")
        #expect(try Data(contentsOf: sample.directory.url("image")) == before)
    }

    @Test func anotherConfigurationAndNothingElseIsAnother() throws {
        try ImageWriter.write(sample.contents, to: path)
        try ImageEditor(opening: path).write(patch: Array(#"{"hostname":"set"}"#.utf8))
        #expect(chmod(path.string, 0o640) == 0)
        let long =
            Bytes(#"{"env":{"A":""#.utf8) + Bytes(repeating: 0x61, count: 70_000)
            + Bytes(#""}}"#.utf8)
        let link = sample.directory.path("link")
        #expect(symlink("image", link) == 0)
        try ImageEditor(opening: FilePath(link)).rewrite(configuration: long, bakeVersion: "0.2")

        #expect(try BootImage.verify(path) == [])
        let image = try BootImage(opening: path)
        #expect(try image.bakedConfiguration() == long)
        #expect(try image.configurationPatch() == Array("{}".utf8))
        #expect(try image.commandLine() == SampleContents.commandLine)
        #expect(try image.provenance() == SampleContents.provenance)
        #expect(image.manifest.bakeVersion == "0.2")
        try image.extract(.part(.blob), to: FilePath(sample.directory.path("out")))
        #expect(try Data(contentsOf: sample.directory.url("out")) == Data(sample.blobBytes))
        let attributes = try FileManager.default.attributesOfItem(atPath: path.string)
        #expect(attributes[.posixPermissions] as? Int == 0o640)
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == "image")
    }
}
