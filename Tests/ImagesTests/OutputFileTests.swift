import BakeContract
import Foundation
import SystemPackage
import TestSupport
import Testing

@testable import Images

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

    /// Where the file system knows no files without a name, as most network file systems.
    @Test func anInterruptedCommandCanClearAway() throws {
        let directory = try TemporaryDirectory()
        let output = try OutputFile(
            replacing: FilePath(directory.path("file")), isNameless: false)
        try output.write(Array("half".utf8))
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).count == 1)
        // In this directory alone: other tests are writing their files meanwhile.
        OutputFile.removeUnfinished(in: FilePath(directory.path))
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).isEmpty)
    }

    @Test func hasNoNameWhereThatIsPossible() throws {
        let directory = try TemporaryDirectory()
        let output = try OutputFile(replacing: FilePath(directory.path("file")))
        try output.write(Array("half".utf8))
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).isEmpty)
        try output.finish()
        #expect(try Data(contentsOf: directory.url("file")) == Data("half".utf8))
    }

    /// What a killed process left is removed; what is being written, or only looks like it, is not.
    @Test(arguments: [false, true])
    func removesWhatOthersLeftBehind(isNameless: Bool) throws {
        let directory = try TemporaryDirectory()
        let abandoned = ".file.bake-0123456789abcdef"
        try directory.write("half", to: abandoned)
        let others = [
            ".file.bake-0123456789abcde", ".file.bake-0123456789abcdefg", ".file.bake-notes",
            ".other.bake-0123456789abcdef", "file.bake-0123456789abcdef",
        ]
        for name in others { try directory.write("mine", to: name) }
        let path = FilePath(directory.path("file"))
        let first = try OutputFile(replacing: path, isNameless: false)
        #expect(!FileManager.default.fileExists(atPath: directory.path(abandoned)))
        let second = try OutputFile(replacing: path, isNameless: isNameless)
        try second.write(Array("second".utf8))
        try second.finish()
        #expect(try Data(contentsOf: directory.url("file")) == Data("second".utf8))
        try first.write(Array("first".utf8))
        try first.finish()
        #expect(try Data(contentsOf: directory.url("file")) == Data("first".utf8))
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path)
        #expect(Set(names) == Set(others + ["file"]))
    }

    /// The longest name there is leaves its neighbour no more room.
    @Test(arguments: [false, true])
    func namesOf255Bytes(isNameless: Bool) throws {
        let directory = try TemporaryDirectory()
        // Cut anywhere, it is no UTF-8 any more.
        let name = "x" + String(repeating: "ä", count: 127)
        let path = FilePath(directory.path(name))
        let output = try OutputFile(replacing: path, isNameless: isNameless)
        try output.finish()
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == [name])
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
