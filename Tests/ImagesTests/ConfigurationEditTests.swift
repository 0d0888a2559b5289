import BakeContract
import Foundation
import Images
import SystemPackage
import TestSupport
import Testing

@Suite struct ConfigurationEditTests {
    let directory: TemporaryDirectory
    let synthetic: SyntheticImage
    let path: FilePath

    init() throws {
        directory = try TemporaryDirectory()
        synthetic = try SyntheticImage()
        path = FilePath(try synthetic.write(to: directory))
    }

    @Test func theNewPatchCountsAndNothingElseChanged() throws {
        for text in [#"{"hostname":"one"}"#, #"{"hostname":"two"}"#, "{}"] {
            try BootImage.writeConfigurationPatch(Array(text.utf8), to: path)
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
        try BootImage.writeConfigurationPatch(Array(#"{"hostname":"old"}"#.utf8), to: path)
        let before = Bytes(try Data(contentsOf: directory.url("image")))
        try BootImage.writeConfigurationPatch(Array(#"{"hostname":"new"}"#.utf8), to: path)
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
        ) { try BootImage.writeConfigurationPatch(long, to: path) }
        #expect(try Data(contentsOf: directory.url("image")) == Data(synthetic.bytes))
    }

    @Test func twoEditorsDoNotMeet() throws {
        let other = try FileDescriptor.open(path, .readWrite)
        defer { try? other.close() }  // the directory goes away with the test
        #expect(flock(other.rawValue, LOCK_EX) == 0)
        let busy = Errno.resourceTemporarilyUnavailable
        #expect(throws: ImageError.file(action: .lock, path: path, errno: busy)) {
            try BootImage.writeConfigurationPatch(Array("{}".utf8), to: path)
        }
    }
}
