import Foundation
import Glibc
import SystemPackage
import TestSupport
import Testing
import Trees

private let isRoot = geteuid() == 0

/// A tree as a literal: paths and nodes.
private func tree(_ files: [(TreePath, Node)], links: [(TreePath, TreePath)] = []) throws
    -> MergedTree
{
    var layer = Layer(name: "tree")
    for (path, node) in files { layer.add(node, at: path) }
    for (path, existing) in links { layer.link(path, to: existing) }
    return try MergedTree.overlay([layer])
}

/// What our own scan finds; it has its own tests.
private func text(_ path: String, owner: OwnerRule = .root) throws -> String {
    let layer = try Layer.scan(
        directory: FilePath(path), name: "written", options: ScanOptions(owner: owner))
    return try MergedTree.overlay([layer]).text
}

@Suite struct TreeWriterTests {
    @Test func everythingAnybodyCanWrite() throws {
        let directory = try TemporaryDirectory()
        let written = try tree(
            [
                (.root, .directory(permissions: 0o700, mtimeSeconds: 11)),
                ("bin", .directory(permissions: 0o1777, mtimeSeconds: 12)),
                ("bin/a", .file([1, 2, 3], permissions: 0o755, mtimeSeconds: -13)),
                ("link", .symlink(to: Array("/etc/shadow".utf8), mtimeSeconds: 14)),
                ("pipe", Node(.fifo, permissions: 0o640, mtimeSeconds: 15)),
                ("socket", Node(.socket, permissions: 0o600, mtimeSeconds: 16)),
                ("none", .file([4], permissions: 0, mtimeSeconds: 17)),
                ("shut", .directory(permissions: 0, mtimeSeconds: 18)),
                ("shut/below", .directory(permissions: 0o100, mtimeSeconds: 19)),
                ("shut/below/file", .file([5], permissions: 0o444, mtimeSeconds: 20)),
                (TreePath([0xff, 0x0a])!, .file([], mtimeSeconds: 21)),
                (
                    "noted",
                    Node(
                        .regular(.bytes([6])), permissions: 0o444, mtimeSeconds: 22,
                        xattrs: [.init(name: Array("user.note".utf8), value: [0, 255])])
                ),
            ], links: [("same", "bin/a"), ("shut/below/same", "bin/a")])
        let path = directory.path("new")
        _ = try TreeWriter.write(
            written, to: FilePath(path),
            options: .init(keepsOwners: false, keepsPrivileges: true, makesDevices: false))
        // Those without permissions are read where nobody may.
        let modes = try runProcess(["find", path, "-printf", "%m %T@ %P\\n"]).stdoutText
        for line in ["0 18.0000000000 shut", "0 17.0000000000 none"] {
            #expect(modes.contains(line))
        }
        try runProcess(["chmod", "-R", "u+rwX", path + "/shut", path + "/none"])
        let shut: Set<Substring> = ["18", "19", "20"]
        let lines = try text(path).split(separator: "\n").filter { line in
            !shut.contains(line.split(separator: " ")[3])
        }
        #expect(
            lines.joined(separator: "\n") == """
                d 0700 0:0 11 /
                d 1777 0:0 12 /bin
                f 0755 0:0 -13 /bin/a 3 = /same = /shut/below/same
                l 0777 0:0 14 /link -> /etc/shadow
                f 0600 0:0 17 /none 1
                f 0444 0:0 22 /noted 1 [user.note=00ff]
                p 0640 0:0 15 /pipe
                s 0600 0:0 16 /socket
                f 0644 0:0 21 /\\xff\\x0a 0
                """)
        #expect(try String(contentsOfFile: path + "/shut/below/file", encoding: .utf8) == "\u{5}")
    }

    @Test(.enabled(if: isRoot)) func everythingRootCanWrite() throws {
        let directory = try TemporaryDirectory()
        let capability: [UInt8] = [1, 0, 0, 2, 0, 0x20, 0, 0] + Array(repeating: 0, count: 12)
        let written = try tree([
            (.root, .directory(mtimeSeconds: 5)),
            ("null", Node(.characterDevice(.init(major: 1, minor: 3)), permissions: 0o666)),
            (
                "far",
                Node(.blockDevice(.init(major: 4095, minor: 1_048_575)), permissions: 0o660, gid: 6)
            ),
            ("su", Node(.regular(.bytes([1])), permissions: 0o6755, uid: 7, gid: 4_000_000_000)),
            ("of", Node(.symlink(target: [0x78]), permissions: 0o777, uid: 8, gid: 9)),
            (
                "ping",
                Node(
                    .regular(.bytes([1])), permissions: 0o2755, uid: 10,
                    xattrs: [
                        .init(name: Array("security.capability".utf8), value: capability),
                        .init(name: Array("trusted.x".utf8), value: [1]),
                    ])
            ),
        ])
        let path = directory.path("new")
        #expect(try TreeWriter.write(written, to: FilePath(path)) == [])
        #expect(try text(path, owner: .keep) == written.text)
        let seen = try runProcess(["getcap", path + "/ping"])
        if seen.status == 0 { #expect(seen.stdoutText.contains("cap_net_raw=ep")) }
    }

    /// What was left out is counted, and its first names said.
    @Test func withoutRoot() throws {
        let notes = try Nobody.run {
            let directory = try TemporaryDirectory()
            var files: [(TreePath, Node)] = [
                (.root, Node(.directory, permissions: 0o755, uid: Nobody.id, gid: Nobody.id)),
                ("su", Node(.regular(.bytes([])), permissions: 0o4755, uid: 1)),
                (
                    "ping",
                    Node(
                        .regular(.bytes([])), permissions: 0o755,
                        xattrs: [
                            .init(name: Array("security.capability".utf8), value: [1])
                        ])
                ),
                (
                    "odd",
                    Node(
                        .regular(.bytes([])), permissions: 0o755,
                        xattrs: [.init(name: Array("trusted.x".utf8), value: [1])])
                ),
            ]
            for index in 0..<5 {
                files.append(
                    (
                        TreePath(Array("tty\(index)".utf8))!,
                        Node(.characterDevice(.init(major: 4, minor: 0)), permissions: 0o600)
                    ))
            }
            let path = directory.path("new")
            let written = try tree(files, links: [("tty0link", "tty0")])
            let notes = try TreeWriter.write(written, to: FilePath(path))
            let modes = try runProcess(["find", path, "-printf", "%m %P\\n"]).stdoutText
            #expect(modes.contains("755 su\n") && !modes.contains("tty"))
            return notes.map(\.description)
        }
        #expect(
            notes.sorted() == [
                "1 file did not keep the attribute trusted.x (/odd)",
                "2 files did not keep their setuid or setgid bit or capabilities (/ping, /su)",
                "3 files did not keep their owner, which needs root (/odd, /ping, /su)",
                "5 device nodes were left out (/tty0, /tty1, /tty2, ...)",
            ])
    }

    @Test func contentsFromEverywhere() throws {
        let source = try TemporaryDirectory()
        try source.make([
            .noise("noise", byteCount: 3_000_001),
            .sparseFile("sparse", byteCount: 1 << 32, end: "end"),
            .sparseFile("trailing", byteCount: 1 << 20, end: ""),
        ])
        let layer = try Layer.scan(
            directory: FilePath(source.path), name: "source", options: ScanOptions(owner: .root))
        var spool = try ContentSpool(for: "spool", in: FilePath(source.path))
        spool.begin(byteCount: 1 << 33)
        try [UInt8](repeating: 7, count: 100_000).withUnsafeBytes {
            try spool.append($0, at: 1 << 32)
        }
        var all = layer
        all.add(Node(.regular(spool.end()), permissions: 0o644), at: "stored")
        let target = try TemporaryDirectory()
        let path = target.path("new")
        _ = try TreeWriter.write(all, to: FilePath(path))
        for name in ["noise", "sparse", "trailing"] {
            let same = try runProcess(["cmp", source.path(name), "\(path)/\(name)"])
            #expect(same.status == 0, "\(same.stderrText)")
        }
        let sizes = try runProcess(
            ["find", path, "-type", "f", "-printf", "%P %s %b\\n"]
        ).stdoutText.split(separator: "\n").map { $0.split(separator: " ") }
        for size in sizes where size[0] != "noise" {
            #expect(try #require(Int(size[2])) < 1024, "\(size[0]) is not sparse")
        }
        #expect(sizes.contains { $0[0] == "stored" && $0[1] == "8589934592" })
    }

    /// Further down than there are descriptors, and than one system call takes a path; and gone
    /// again when the last file fails.
    @Test func depth() throws {
        let directory = try TemporaryDirectory()
        try directory.make([.file("source", "old")])
        let last = try Layer.scan(
            directory: FilePath(directory.path), name: "source", options: ScanOptions(owner: .root))
        let depth = 2500
        let deepest = Array(Array(repeating: "d", count: depth).joined(separator: "/").utf8)
        var entries = (1...depth).map { depth in
            Layer.Entry(path: TreePath(Array(deepest.prefix(depth * 2 - 1)))!, nodeIndex: 0)
        }
        let longName = [UInt8](repeating: 0x6e, count: 255)
        entries.append(.init(path: TreePath(deepest)!.appending(longName), nodeIndex: 1))
        entries.append(.init(path: "first", nodeIndex: 1))
        let layer = Layer(
            name: "deep",
            nodes: [.directory(permissions: 0o750, mtimeSeconds: 5), .file([1], mtimeSeconds: 6)],
            entries: entries)
        let target = directory.path("new")
        _ = try TreeWriter.write(layer, to: FilePath(target))
        let found = try runProcess(["find", target, "-printf", "%d %y %m %n %T@\n"]).stdoutText
        let lines = found.split(separator: "\n")
        #expect(lines.count == depth + 3)
        #expect(lines.filter { $0.hasSuffix(" d 750 3 5.0000000000") }.count == depth - 1)
        #expect(lines.contains("\(depth) d 750 2 5.0000000000"))
        #expect(lines.contains("\(depth + 1) f 644 2 6.0000000000"))
        try runProcess(["rm", "-rf", target])

        var failing = layer
        try directory.make([.file("source", "longer")])
        failing.add(last["source"]!, at: "z")
        #expect(throws: TreeWriteError.self) {
            _ = try TreeWriter.write(failing, to: FilePath(target))
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["source"])
    }

    @Test func changingSourceIsAnError() throws {
        let source = try TemporaryDirectory()
        try source.make([.file("file", "old")])
        let layer = try Layer.scan(
            directory: FilePath(source.path), name: "source", options: ScanOptions(owner: .root))
        try source.make([.file("file", "more")])
        let target = try TemporaryDirectory()
        #expect {
            _ = try TreeWriter.write(layer, to: FilePath(target.path("new")))
        } throws: { error in
            "\(error)" == "cannot add 'source/file' to the tree: it grew while it was read"
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: target.path) == [])
    }

    // MARK: Destinations

    private func write(to path: String, limit: UInt64 = .max) throws {
        var options = TreeWriter.Options.forThisUser
        options.byteCountLimit = limit
        options.fileCountLimit = 3
        _ = try TreeWriter.write(
            try tree([("a", .file([1, 2])), ("b", .file([3]))]), to: FilePath(path),
            options: options)
    }

    @Test func emptyDirectoryIsADestination() throws {
        let directory = try TemporaryDirectory()
        try directory.make([.directory("empty")])
        try write(to: directory.path("empty"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == ["empty"])
        #expect(FileManager.default.fileExists(atPath: directory.path("empty/a")))
    }

    @Test(arguments: [
        ("full", "it is not empty"), ("link", "it is a symbolic link"),
        ("dangling", "it is a symbolic link"), ("file", "it is not a directory"),
        ("empty/.", "it needs a directory with a name of its own"),
        ("missing/new", "No such file or directory"),
    ])
    func refusedDestinations(_ name: String, _ reason: String) throws {
        let directory = try TemporaryDirectory()
        try directory.make([
            .directory("full"), .file("full/precious", "precious"), .directory("empty"),
            .symlink("link", to: "empty"), .symlink("dangling", to: "nothing"), .file("file", "x"),
        ])
        let before = try text(directory.path)
        #expect {
            try write(to: directory.path(name))
        } throws: { error in
            "\(error)" == "cannot write a tree to '\(directory.path(name))': \(reason)"
        }
        #expect(try text(directory.path) == before)
    }

    @Test func limits() throws {
        let directory = try TemporaryDirectory()
        #expect(throws: TreeWriteError.tooManyBytes(count: 3, limit: 2)) {
            try write(to: directory.path("new"), limit: 2)
        }
        let many = try tree((0..<3).map { (TreePath([0x61 + $0])!, .file([])) })
        var options = TreeWriter.Options.forThisUser
        options.fileCountLimit = 3
        #expect(throws: TreeWriteError.tooManyFiles(count: 4, limit: 3)) {
            _ = try TreeWriter.write(many, to: FilePath(directory.path("new")), options: options)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path) == [])
    }

    /// Neither its group nor its access control list.
    @Test func inheritanceOfTheParentDoesNotCount() throws {
        let directory = try TemporaryDirectory()
        try directory.make([.directory("parent", mode: 0o2777)])
        let acl = try runProcess(
            ["setfacl", "-d", "-m", "u:1:rwx", directory.path("parent")])
        #expect(acl.status == 0, "\(acl.stderrText)")
        try write(to: directory.path("parent/new"))
        #expect(
            try text(directory.path("parent/new")).split(separator: "\n").count == 3)
        let modes = try runProcess(["find", directory.path("parent/new"), "-printf", "%m\n"])
        #expect(modes.stdoutText == "755\n644\n644\n")
    }
}
