import BakeContract
import Foundation
import Images
import SystemPackage
import TestSupport
import Testing

@Suite struct OutputFileTests {
    @Test func appearsCompleteUnderItsName() throws {
        let directory = try TemporaryDirectory()
        try directory.write("old", to: "file")
        let output = try OutputFile(replacing: FilePath(directory.path("file")))
        try output.write(Array("new".utf8))
        try output.resize(toByteCount: 6)
        try output.write(Array("!".utf8), at: 5)
        #expect(try Data(contentsOf: directory.url("file")) == Data("old".utf8))
        try output.finish()
        #expect(try Data(contentsOf: directory.url("file")) == Data("new\0\0!".utf8))
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["file"])
    }

    @Test func droppedItLeavesNothing() throws {
        let directory = try TemporaryDirectory()
        try directory.write("old", to: "file")
        do {
            let output = try OutputFile(replacing: FilePath(directory.path("file")))
            try output.write(Array("half".utf8))
        }
        #expect(try Data(contentsOf: directory.url("file")) == Data("old".utf8))
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["file"])
    }

    @Test func anInterruptedCommandCanClearAway() throws {
        let directory = try TemporaryDirectory()
        let output = try OutputFile(replacing: FilePath(directory.path("file")))
        try output.write(Array("half".utf8))
        let unfinished = output.temporaryPath.string
        #expect(FileManager.default.fileExists(atPath: unfinished))
        // In this directory alone: other tests are writing their files meanwhile.
        OutputFile.removeUnfinished(in: FilePath(directory.path))
        #expect(!FileManager.default.fileExists(atPath: unfinished))
    }

    @Test func aLinkIsReplacedAndItsTargetLeftAlone() throws {
        let directory = try TemporaryDirectory()
        try directory.write("precious", to: "target")
        try FileManager.default.createSymbolicLink(
            atPath: directory.path("link"), withDestinationPath: "target")
        let output = try OutputFile(replacing: FilePath(directory.path("link")))
        try output.write(Array("new".utf8))
        try output.finish()
        #expect(try Data(contentsOf: directory.url("target")) == Data("precious".utf8))
        #expect(try Data(contentsOf: directory.url("link")) == Data("new".utf8))
    }

    @Test(arguments: [
        ("", Errno.isDirectory), ("sub", .isDirectory), ("no/file", .noSuchFileOrDirectory),
    ])
    func refusesWhatCannotBeAFile(name: String, errno: Errno) throws {
        let directory = try TemporaryDirectory()
        try directory.write("", to: "sub/file")
        let path = FilePath(directory.path(name))
        do {
            _ = try OutputFile(replacing: path)
            Issue.record("'\(path)' was accepted")
        } catch {
            #expect(error == .file(action: .create, path: path, errno: errno))
        }
    }
}
