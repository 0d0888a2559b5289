import Foundation
import SystemPackage
import TestSupport
import Testing
import Trees

/// The reader for many small files, which opens each beside the one before.
@Suite struct SmallContentTests {
    private static let names = ["a", "b", "d/a", "d/b", "d/d/a", "d/d/b", "d/e", "e/a", "f"]

    private let directory: TemporaryDirectory
    private let layer: Layer
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 12, alignment: 8)

    init() throws {
        directory = try TemporaryDirectory()
        try directory.make(
            ["d", "d/d", "e"].map { .directory($0) }
                + Self.names.map { .file(HostName($0), "content of \($0)") } + [.file("empty", "")])
        layer = try Layer.scan(
            directory: FilePath(directory.path), name: "tree",
            options: ScanOptions(owner: .root))
    }

    /// In any order, from anywhere on, and also what does not stand in a file.
    @Test func everyContentIsItsOwn() throws {
        defer { buffer.deallocate() }
        var reader = SmallContentReader()
        for name in Self.names + Self.names.reversed() {
            #expect(try text(of: name, by: &reader) == "content of \(name)")
            #expect(try text(of: name, by: &reader, from: 8) == "of \(name)")
        }
        #expect(try text(of: "empty", by: &reader) == "")
        #expect(try reader.read(.bytes([65, 66, 67]), from: 1, into: buffer) == nil)
        #expect(buffer.prefix(2).elementsEqual([66, 67]))
    }

    /// The directory is open; the file is nevertheless the one that was asked for.
    @Test(arguments: [
        ("printf 'content of d/b' > x && mv x d/b", TreeError.Change.replaced),
        ("mv d/b d/x && ln -s x d/b", .replaced),
        ("rm d/b && mkfifo d/b", .replaced), ("rm d/b && mkdir d/b", .replaced),
        ("echo more >> d/b", .grew), ("truncate -s 3 d/b", .shrank),
        ("touch -d @7 d/b", .modified),
    ])
    func changesAreSeen(command: String, change: TreeError.Change) throws {
        defer { buffer.deallocate() }
        var reader = SmallContentReader()
        #expect(try text(of: "d/a", by: &reader) == "content of d/a")
        try runProcess(["sh", "-c", "cd \(directory.path) && \(command)"])
        let error = #expect(throws: TreeError.self) { try text(of: "d/b", by: &reader) }
        #expect(error == .changed(HostPlace(tree: "tree", path: "d/b"), change))
        #expect(try text(of: "d/e", by: &reader) == "content of d/e")
    }

    private func text(
        of path: TreePath, by reader: inout SmallContentReader, from offset: UInt64 = 0
    ) throws -> String {
        guard case .regular(let content) = layer[path]?.kind else {
            throw TestFailure("no file at \(path)")
        }
        buffer.initializeMemory(as: UInt8.self, repeating: 0xee)
        #expect(try reader.read(content, from: offset, into: buffer) == nil)
        return String(decoding: buffer.prefix(Int(content.byteCount - offset)), as: UTF8.self)
    }

    private func text(
        of name: String, by reader: inout SmallContentReader, from offset: UInt64 = 0
    ) throws -> String {
        let path = try #require(TreePath(Array(name.utf8)))
        return try text(of: path, by: &reader, from: offset)
    }
}
