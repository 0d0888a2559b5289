import Foundation
import SystemPackage
import TestSupport
import Testing
import Trees

@Suite struct ArchiveSavingTests {
    private static func bytes(_ text: String) -> Bytes { Bytes(text.utf8) }

    /// One of everything a layer can hold, but sockets.
    private static var everything: Layer {
        var layer = Layer(name: "x")
        let long = String(repeating: "n", count: 255)
        let deep = Array(repeating: String(repeating: "p", count: 250), count: 16).joined(
            separator: "/")
        layer.add(
            Node(.directory, permissions: 0o1777, uid: 4_294_967_295, gid: 5, mtimeSeconds: -9),
            at: .root)
        layer.add(.directory(permissions: 0o700, mtimeSeconds: 1 << 40), at: "etc")
        layer.add(
            Node(
                .regular(.bytes(bytes("x"))), permissions: 0o7777, uid: 70_000, gid: 3_000_000_000),
            at: "etc/a")
        layer.link("b", to: "etc/a")
        layer.link(TreePath(bytes("e\u{301}"))!, to: "etc/a")
        layer.add(.file(bytes("nfc")), at: TreePath(bytes("\u{e9}"))!)
        layer.add(.file(bytes("no text")), at: TreePath([0xff, 10, 0xe9, 1])!)
        layer.add(.file(bytes("long")), at: TreePath(bytes(long))!)
        layer.add(.file(bytes("deep")), at: TreePath(bytes(deep))!)
        layer.add(
            .symlink(to: bytes(String(repeating: "t", count: 4095)), mtimeSeconds: 3), at: "link")
        layer.link("link2", to: "link")
        layer.add(Node(.symlink(target: [0xff, 0x41]), permissions: 0o777), at: "raw")
        layer.add(Node(.fifo, permissions: 0o600), at: "pipe")
        layer.add(
            Node(.characterDevice(.init(major: 4095, minor: 1_048_575)), permissions: 0o620),
            at: "tty")
        layer.add(Node(.blockDevice(.init(major: 0, minor: 0)), permissions: 0o660), at: "disk")
        layer.add(
            Node(
                .regular(.bytes([])), permissions: 0o644,
                xattrs: [
                    .init(name: bytes("user.a=b% c"), value: [0, 10, 255]),
                    .init(
                        name: bytes("security.capability"), value: Bytes(repeating: 1, count: 20)),
                    .init(name: bytes("user.empty"), value: []),
                    .init(name: bytes("user.big"), value: Bytes(repeating: 7, count: 60_000)),
                ]), at: "attributes")
        layer.whiteouts = ["etc/gone", "b", TreePath(bytes(String(repeating: "w", count: 255)))!]
        layer.opaqueDirectories = ["etc", .root]
        return layer
    }

    private func readBack(_ name: String, _ directory: TemporaryDirectory) throws -> Layer {
        try directory.layer(name).applyingWhiteouts()
    }

    @Test(arguments: [".tar", ".tar.gz", ".tgz", ".tar.zst", ".tar.xz", ".tar.lz4", ".tar.bz2"])
    func whatIsSavedReadsBackTheSame(_ suffix: String) throws {
        let directory = try TemporaryDirectory()
        let layer = Self.everything
        try layer.save(archive: FilePath(directory.path("x\(suffix)")))
        let read = try readBack("x\(suffix)", directory)
        #expect(try read.listing() == layer.listing())
        #expect(read.notes.isEmpty)
        // Not a byte of this machine or moment.
        try layer.save(archive: FilePath(directory.path("y\(suffix)")))
        #expect(
            try Data(contentsOf: directory.url("x\(suffix)"))
                == Data(contentsOf: directory.url("y\(suffix)")))
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).count == 2)
    }

    /// Random layers: paths, kinds, links, whiteouts.
    @Test(arguments: 0..<40)
    func randomLayersReadBackTheSame(_ seed: Int) throws {
        let directory = try TemporaryDirectory()
        let layer = RandomLayer(seed: seed).layer
        try layer.save(archive: FilePath(directory.path("x.tar")))
        #expect(try readBack("x.tar", directory).listing() == layer.listing())
    }

    @Test func otherReadersSeeTheSame() throws {
        let directory = try TemporaryDirectory()
        var layer = Layer(name: "x")
        layer.add(.directory(permissions: 0o750, mtimeSeconds: 1), at: "d")
        layer.add(.file(Self.bytes("hello"), permissions: 0o4755, mtimeSeconds: 2), at: "d/a")
        layer.link("d/b", to: "d/a")
        layer.add(.symlink(to: Self.bytes("/etc"), mtimeSeconds: 3), at: "l")
        layer.whiteouts = ["d/gone"]
        try layer.save(archive: FilePath(directory.path("x.tar.zst")))
        let listing = """
            -rw-r--r-- 0/0               0 1970-01-01 00:00 d/.wh.gone
            drwxr-x--- 0/0               0 1970-01-01 00:00 d/
            -rwsr-xr-x 0/0               5 1970-01-01 00:00 d/a
            hrw-r--r-- 0/0               0 1970-01-01 00:00 d/b link to d/a
            lrwxrwxrwx 0/0               0 1970-01-01 00:00 l -> /etc

            """
        let tar = try directory.run("env", "TZ=UTC", "tar", "-tvf", "x.tar.zst")
        #expect(tar.stdoutText == listing)
        #expect(tar.stderrText == "")
        try directory.make([.directory("out")])
        try directory.run("bsdtar", "-xf", "x.tar.zst", "-C", "out")
        let names = try directory.run("sh", "-c", "cd out && find . | LC_ALL=C sort").stdoutText
        #expect(names == ".\n./d\n./d/.wh.gone\n./d/a\n./d/b\n./l\n")
        #expect(try directory.run("cat", "out/d/b").stdoutText == "hello")
    }

    @Test func holesStayHoles() throws {
        let directory = try TemporaryDirectory()
        try directory.make([
            .directory("t"), .sparseFile("t/a", byteCount: 6 << 30, end: "end"),
            .sparseFile("t/hole", byteCount: 1 << 30, end: ""), .file("t/dense", "x"), .allTimes(1),
        ])
        let scanned = try Layer.scan(directory: FilePath(directory.path("t")), name: "t")
        try scanned.save(archive: FilePath(directory.path("x.tar")))
        #expect(
            try directory.url("x.tar").resourceValues(forKeys: [.fileSizeKey]).fileSize! < 200_000)
        let once = try readBack("x.tar", directory)
        #expect(try once.listing() == scanned.listing())
        try once.save(archive: FilePath(directory.path("y.tar")))
        #expect(
            try Data(contentsOf: directory.url("x.tar")) == Data(contentsOf: directory.url("y.tar"))
        )
        try directory.make([.directory("out")])
        try directory.run("tar", "--sparse", "-xf", "x.tar", "-C", "out")
        try directory.run("cmp", "-n", "100000", "t/a", "out/a")
        #expect(try directory.run("tail", "-c", "3", "out/a").stdoutText == "end")
        let usage = try directory.run("du", "-sk", "out").stdoutText.prefix { $0 != "\t" }
        #expect(try #require(Int(usage)) < 1000)
    }

    static let refusals: [(name: String, path: TreePath, node: Node, message: String)] = [
        (
            "x.tar", "run/s", Node(.socket, permissions: 0o600),
            """
            /run/s is a socket, which tar cannot hold
              hint: remove it; the program that listens on it makes it again
            """
        ),
        (
            "x.tar", "d/.wh.x", .file([]),
            "/d/.wh.x would be read back as the mark of a deleted file"
        ),
        ("x.tar", ".wh.", .file([1]), "/.wh. would be read back as the mark of a deleted file"),
        (
            "x.tar", "null", Node(.characterDevice(.init(major: 0, minor: 0)), permissions: 0),
            "/null would be read back as the mark of a deleted file"
        ),
        (
            "x.tar", "d",
            Node(
                .directory, permissions: 0,
                xattrs: [.init(name: bytes("user.overlay.opaque"), value: bytes("y"))]),
            "/d would be read back as the mark of a deleted file"
        ),
        (
            "x.zip", "a", .file([]),
            """
            its name does not say how to compress it
              hint: end it with .tar, .tar.gz, .tar.zst, .tar.xz, .tar.lz4 or .tar.bz2
            """
        ),
    ]

    @Test(arguments: refusals)
    func isRefused(_ test: (name: String, path: TreePath, node: Node, message: String)) throws {
        let directory = try TemporaryDirectory()
        var layer = Layer(name: "x")
        layer.add(.file([]), at: "before")
        layer.add(test.node, at: test.path)
        let path = directory.path(test.name)
        try directory.write("old", to: test.name)
        let error = #expect(throws: TreeError.self) { try layer.save(archive: FilePath(path)) }
        #expect(error?.description == "cannot save '\(path)': \(test.message)")
        #expect(try directory.run("sh", "-c", "ls -A; cat *").stdoutText == "\(test.name)\nold")
    }

    @Test func theOldArchiveStaysWhenTheDiskIsFull() throws {
        guard geteuid() == 0 else { return }
        let directory = try TemporaryDirectory()
        try directory.make([.directory("small")])
        let small = directory.path("small")
        guard
            try runProcess(["mount", "-t", "tmpfs", "-o", "size=1m", "none", small]).status == 0
        else { return }
        defer { _ = try? runProcess(["umount", small]) }  // gone with its machine
        try directory.write("old", to: "small/x.tar")
        var layer = Layer(name: "x")
        layer.add(.file(Bytes(repeating: 1, count: 3 << 20)), at: "large")
        let error = #expect(throws: TreeError.self) {
            try layer.save(archive: FilePath("\(small)/x.tar"))
        }
        #expect(error?.description.hasSuffix("No space left on device") == true, "\(error!)")
        #expect(
            try directory.run("sh", "-c", "ls -A small; cat small/x.tar").stdoutText == "x.tar\nold"
        )
    }
}

/// A layer as chance has it, the same for the same seed.
private struct RandomLayer {
    private var state: UInt64

    init(seed: Int) {
        state = UInt64(seed) &* 0x9e37_79b9_7f4a_7c15 | 1
    }

    private mutating func below(_ limit: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(state >> 33) % limit
    }

    private mutating func name() -> Bytes {
        let alphabet = Bytes("abé.\n%= ".utf8) + [0xff, 0x80, 0x7f]
        while true {
            let name = (0...below(5)).map { _ in alphabet[below(alphabet.count)] }
            if !name.allSatisfy({ $0 == UInt8(ascii: ".") }) { return name }
        }
    }

    private mutating func kind() -> Node.Kind {
        switch below(6) {
        case 0: .symlink(target: name())
        case 1: .fifo
        case 2: .blockDevice(.init(major: UInt32(below(4096)), minor: UInt32(below(1 << 20))))
        default: .regular(.bytes(Bytes(repeating: UInt8(below(256)), count: below(2000))))
        }
    }

    private mutating func node(_ kind: Node.Kind) -> Node {
        let xattrs = (0..<below(3)).map { index in
            Node.Xattr(name: Bytes("user.\(index)".utf8) + name(), value: name())
        }
        return Node(
            kind, permissions: UInt16(below(0o10000)), uid: UInt32(below(1 << 31)) * 2,
            gid: UInt32(below(70_000)), mtimeSeconds: Int64(below(1 << 40)) - 1 << 39,
            xattrs: xattrs)
    }

    var layer: Layer {
        var random = self
        var layer = Layer(name: "random")
        var directories: [TreePath] = [.root]
        var files: [TreePath] = []
        for _ in 0..<random.below(60) {
            let path = directories[random.below(directories.count)].appending(random.name())
            if layer[path] != nil { continue }
            switch random.below(5) {
            case 0:
                layer.add(random.node(.directory), at: path)
                directories.append(path)
            case 1 where !files.isEmpty:
                layer.link(path, to: files[random.below(files.count)])
            case 2: layer.whiteouts.insert(path)
            default:
                layer.add(random.node(random.kind()), at: path)
                files.append(path)
            }
        }
        layer.opaqueDirectories = Set(directories.filter { _ in random.below(4) == 0 })
        return layer
    }
}
