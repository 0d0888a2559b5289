import Foundation
import Glibc
import SystemPackage
import TestSupport
import Testing
import Trees

private let isRoot = geteuid() == 0

private func scan(
    _ directory: TemporaryDirectory, name: String = "tree", leavingOut: Set<HostIdentity> = []
) throws -> Layer {
    try Layer.scan(
        directory: FilePath(directory.path), name: name,
        options: ScanOptions(owner: .root, leavingOut: leavingOut))
}

private func text(_ layers: Layer...) throws -> String {
    try MergedTree.overlay(layers).text
}

@Suite struct ScanTests {
    @Test func kindsModesTimesAndTargets() throws {
        let directory = try TemporaryDirectory()
        try directory.make([
            .directory("bin", mode: 0o1777),
            .file("bin/su", "su", mode: 0o4755),
            .file("none", "", mode: 0o000),
            .symlink("absolute", to: "/etc/shadow"),
            .symlink("chain", to: "../../.././x//y"),
            .symlink("loop", to: "loop"),
            .fifo("pipe"),
            .socket("socket"),
            .allTimes(1000),
            .time("bin/su", -5),
            .time("loop", 4_294_967_303),
        ])
        #expect(
            try text(scan(directory)) == """
                d 0755 0:0 1000 /
                l 0777 0:0 1000 /absolute -> /etc/shadow
                d 1777 0:0 1000 /bin
                f 4755 0:0 -5 /bin/su 2
                l 0777 0:0 1000 /chain -> ../../.././x//y
                l 0777 0:0 4294967303 /loop -> loop
                f 0000 0:0 1000 /none 0
                p 0644 0:0 1000 /pipe
                s 0644 0:0 1000 /socket

                """)
    }

    @Test func namesOfAnyBytes() throws {
        let directory = try TemporaryDirectory()
        try directory.make([
            .file([0xff, 0xfe], "1"), .file("a\nb", "2"), .file("-rf", "3"),
            .file([0x1b, 0x5b], "4"), .file([0xc3, 0xa9], "5"), .file([0x65, 0xcc, 0x81], "6"),
            .file("A", "7"), .file("a", "8"),
            .file(HostName(String(repeating: "n", count: 255)), "9"),
        ])
        let tree = try MergedTree.overlay([scan(directory)])
        #expect(
            tree.entries.map(\.path.description) == [
                "/", "/\\x1b[", "/-rf", "/A", "/a", "/a\\x0ab", "/e\u{301}",
                "/" + String(repeating: "n", count: 255), "/é", "/\\xff\\xfe",
            ])
    }

    @Test func devicesAndOwners() throws {
        let directory = try TemporaryDirectory()
        try directory.make([.file("mine", "x"), .allTimes(0)])
        var expected = "f 0644 \(geteuid()):\(getegid()) 0 /mine 1\n"
        if isRoot {
            try directory.make([
                .characterDevice("console", major: 4095, minor: 1_048_575),
                .owner("console", uid: 4_294_967_294, gid: 70000),
                .allTimes(0),
            ])
            expected = "c 0600 4294967294:70000 0 /console 4095:1048575\n" + expected
        }
        let layer = try Layer.scan(
            directory: FilePath(directory.path), name: "tree", options: ScanOptions(owner: .keep))
        let lines = try text(layer).split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.dropFirst().joined(separator: "\n") == expected)
    }

    @Test func hardLinksAcrossDirectoriesAndTrees() throws {
        let directory = try TemporaryDirectory()
        try directory.make([
            .directory("one"), .directory("two"),
            .file("one/a", "same"), .hardLink("one/b", to: "one/a"),
            .hardLink("two/c", to: "one/a"),
            .symlink("one/l", to: "a"), .hardLink("two/m", to: "one/l"),
            .allTimes(0),
        ])
        let layers = try ["one", "two"].map {
            try Layer.scan(
                directory: FilePath(directory.path($0)), name: $0,
                options: ScanOptions(owner: .root))
        }
        #expect(
            try MergedTree.overlay(layers).text == """
                d 0755 0:0 0 /
                f 0644 0:0 0 /a 4 = /b = /c
                l 0777 0:0 0 /l -> a = /m

                """)
    }

    @Test func manyHardLinks() throws {
        let directory = try TemporaryDirectory()
        try directory.make([.file("0", "x")])
        try directory.make((1..<3000).map { .hardLink(HostName("\($0)"), to: "0") })
        let layer = try scan(directory)
        #expect(layer.entries.count == 3001)
        #expect(layer.nodes.count == 2)
    }

    @Test func thousandsOfLevelsWithFewDescriptors() throws {
        let directory = try TemporaryDirectory()
        let depth = 1000
        // A path of 10 kB.
        try directory.makeNested(depth: depth, name: "directory", file: "bottom")
        defer { directory.removeNested("directory") }
        let layer = try scan(directory)
        #expect(layer.entries.count == depth + 2)
        let bottom = try #require(layer.entries.last)
        guard case .regular(.file(let file)) = layer.nodes[bottom.nodeIndex].kind else {
            Issue.record("no file at the bottom")
            return
        }
        var reader = try ContentReader(.file(file))
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 100, alignment: 1)
        defer { buffer.deallocate() }
        #expect(try reader.read(into: buffer) == 6)
        _ = try reader.finish()
    }

    @Test func extendedAttributes() throws {
        let directory = try TemporaryDirectory()
        try directory.make([
            .file("f", "x"), .directory("d"), .xattr("f", name: "user.b", hexadecimal: "00ff"),
            .xattr("f", name: "user.a", hexadecimal: ""),
            .xattr("d", name: "user.d", hexadecimal: "64"), .allTimes(0),
        ])
        var expected = [
            "d 0755 0:0 0 /d [user.d=64]", "f 0644 0:0 0 /f 1 [user.a=] [user.b=00ff]",
        ]
        if isRoot {
            let capability = "0100000200200000000000000000000000000000"
            try directory.make([
                .xattr("f", name: "security.capability", hexadecimal: capability),
                .symlink("l", to: "f"), .xattr("l", name: "trusted.t", hexadecimal: "01"),
                .allTimes(0),
            ])
            expected[1] = """
                f 0644 0:0 0 /f 1 [security.capability=\(capability)] [user.a=] [user.b=00ff]
                """
            expected.append("l 0777 0:0 0 /l -> f [trusted.t=01]")
        }
        let lines = try text(scan(directory)).split(separator: "\n").map(String.init)
        #expect(Array(lines.dropFirst()) == expected)
    }

    @Test func theOutputItselfIsLeftOut() throws {
        let directory = try TemporaryDirectory()
        try directory.make([.file("app", "x"), .file("out.img", "image")])
        let output = try FileDescriptor.open(
            FilePath(directory.path("out.img")), .readOnly)
        defer { try? output.close() }  // read only: nothing can be lost
        let layer = try scan(directory, leavingOut: [HostIdentity(of: output)])
        #expect(layer.entries.map(\.path) == ["", "app"])
        #expect(
            layer.notes.map(\.description) == [
                "'tree/out.img' is the output itself and was left out"
            ])
    }
}

@Suite struct ScanRefusalTests {
    @Test func missingTree() {
        let error = #expect(throws: TreeError.self) {
            try Layer.scan(directory: "/nonexistent/tree", name: "../my tree")
        }
        #expect(error == .treeMissing(tree: "../my tree"))
        #expect(
            error?.description == "cannot read the tree '../my tree': No such file or directory")
    }

    @Test func fileAsTree() throws {
        let directory = try TemporaryDirectory()
        try directory.make([.file("file.tar", "x")])
        let error = #expect(throws: TreeError.self) {
            try Layer.scan(directory: FilePath(directory.path("file.tar")), name: "file.tar")
        }
        #expect(error == .treeNotDirectory(tree: "file.tar"))
    }

    @Test func linkToATreeIsATree() throws {
        let directory = try TemporaryDirectory()
        try directory.make([.directory("real"), .file("real/x"), .symlink("link", to: "real")])
        let layer = try Layer.scan(directory: FilePath(directory.path("link")), name: "link")
        #expect(layer.entries.map(\.path) == ["", "x"])
    }

    @Test func accessControlLists() throws {
        let directory = try TemporaryDirectory()
        try directory.make([
            .directory("srv"), .file("srv/app", "x"),
            .accessControlList("srv/app", "u:65534:rw"),
        ])
        let error = #expect(throws: TreeError.self) { try scan(directory, name: "my/tree") }
        #expect(
            error?.description == """
                cannot add 'my/tree/srv/app' to the tree: it has an access control list \
                (system.posix_acl_access), which squashfs cannot hold
                  hint: remove it with 'setfacl -b', or leave it out with --drop-acl
                """)
    }

    @Test func unreadableDirectory() throws {
        let directory = try TemporaryDirectory()
        try directory.make([.directory("closed", mode: 0o000)])
        defer { chmod(directory.path("closed"), 0o755) }
        if isRoot {
            #expect(try scan(directory).entries.count == 2)
        } else {
            let error = #expect(throws: TreeError.self) { try scan(directory) }
            #expect(
                error?.description == "cannot open the directory 'tree/closed': Permission denied")
        }
    }
}

@Suite struct ContentReaderTests {
    private func file(_ directory: TemporaryDirectory, _ path: TreePath) throws -> HostFile {
        let node = try #require(try scan(directory)[path])
        guard case .regular(.file(let file)) = node.kind else {
            throw TestFailure("\(path) is no file")
        }
        return file
    }

    private func readAll(_ file: HostFile) throws(TreeError) -> String {
        var reader = try ContentReader(.file(file))
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 1)
        defer { buffer.deallocate() }
        var text = ""
        while true {
            let count = try reader.read(into: buffer)
            if count == 0 { break }
            text += String(decoding: buffer[..<count], as: UTF8.self)
        }
        _ = try reader.finish()
        return text
    }

    @Test func readsWhatWasScanned() throws {
        let directory = try TemporaryDirectory()
        let content = String(repeating: "content ", count: 20000)
        try directory.make([.directory("d"), .file("d/f", content), .file("empty")])
        #expect(try readAll(file(directory, "d/f")) == content)
        #expect(try readAll(file(directory, "empty")) == "")
    }

    static let changes: [(command: String, error: String)] = [
        ("echo more >> f", "cannot add 'tree/f' to the tree: it grew while it was read"),
        ("truncate -s 2 f", "cannot add 'tree/f' to the tree: it shrank while it was read"),
        (
            "printf CONTENT | dd of=f conv=notrunc status=none && touch -d '2001-01-01' f",
            "cannot add 'tree/f' to the tree: it was written to while it was read"
        ),
        (
            "cp f g && mv g f",
            "cannot add 'tree/f' to the tree: it was replaced while it was read"
        ),
        (
            "rm f && ln -s /etc/passwd f",
            "cannot add 'tree/f' to the tree: it was replaced while it was read"
        ),
        ("rm f", "cannot open 'tree/f': No such file or directory"),
        (
            "rm f && mkfifo f",
            "cannot add 'tree/f' to the tree: it was replaced while it was read"
        ),
    ]

    @Test(arguments: changes)
    func changesAreNoticed(_ change: (command: String, error: String)) throws {
        let directory = try TemporaryDirectory()
        try directory.make([.file("f", "content")])
        let file = try file(directory, "f")
        try runProcess(["sh", "-c", change.command], in: directory.path)
        let error = #expect(throws: TreeError.self) { try readAll(file) }
        #expect(error?.description == change.error)
    }

    @Test func anotherNameIsNoChange() throws {
        let directory = try TemporaryDirectory()
        try directory.make([.file("f", "content")])
        let file = try file(directory, "f")
        try directory.make([.hardLink("g", to: "f")])
        #expect(try readAll(file) == "content")
    }

    @Test func holesAreSkipped() throws {
        let directory = try TemporaryDirectory()
        try directory.make([.sparseFile("s", byteCount: 1 << 30, end: "end")])
        var reader = try ContentReader(.file(file(directory, "s")))
        let hole = reader.holeByteCount()
        #expect(hole > 1 << 29 && hole < 1 << 30)
        reader.skip(hole)
        #expect(reader.holeByteCount() == 0)
        reader.skip(reader.remaining)
        #expect(reader.holeByteCount() == 0)
        _ = try reader.finish()
    }
}
