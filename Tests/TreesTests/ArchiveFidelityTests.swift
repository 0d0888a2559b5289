import Foundation
import SystemPackage
import TestSupport
import Testing
import Trees

private let isRoot = geteuid() == 0

/// Everything a directory of this machine can hold and a tar archive too.
private func awkwardTree(in directory: TemporaryDirectory) throws {
    let deep = Array(repeating: String(repeating: "d", count: 100), count: 12)
    try directory.make([
        .directory("t"), .directory("t/etc", mode: 0o750), .directory("t/empty", mode: 0o1777),
        .file("t/etc/shadow", "secret", mode: isRoot ? 0o000 : 0o400),
        .file("t/su", "program", mode: 0o6755),
        .file("t/nothing"), .noise("t/noise", byteCount: 300_001),
        .symlink("t/link", to: "/etc/passwd"), .symlink("t/up", to: "../../..//x/"),
        .symlink("t/long", to: HostName(String(repeating: "x/", count: 2047) + "y")),
        .hardLink("t/one", to: "t/noise"), .hardLink("t/etc/two", to: "t/noise"),
        .hardLink("t/link2", to: "t/link"), .fifo("t/pipe"),
        .file("t/e\u{301}", "decomposed"), .file("t/\u{e9}", "composed"), .file("t/É", "case"),
        .file(HostName(bytes: Bytes("t/latin\u{1}".utf8) + [0xe9, 0xff]), "no text"),
        .file("t/two\nlines \u{1b}[1m \\ %25 * ?", "odd"), .file("t/-rf", "flag"),
        .file(HostName("t/" + String(repeating: "n", count: 255)), "longest"),
        .xattr("t/su", name: "user.plain", hexadecimal: "00010aff"),
        .xattr("t/etc", name: "user.a=b%25 c", hexadecimal: "3d"),
        .xattr("t/nothing", name: "user.empty", hexadecimal: ""),
        .sparseFile("t/sparse", byteCount: 5 << 30, end: "end"),
    ])
    for count in 1...deep.count {
        try directory.make([.directory(HostName("t/" + deep.prefix(count).joined(separator: "/")))])
    }
    try directory.make([
        .file(HostName("t/" + deep.joined(separator: "/") + "/bottom"), "deep"),
        .allTimes(1_000_000),
        .time("t/su", -123_456), .time("t/etc", 9_999_999_999), .time("t/link", 5),
    ])
    if isRoot {
        try directory.make([
            .characterDevice("t/tty", major: 4095, minor: 1_048_575),
            .blockDevice("t/disk", major: 8, minor: 300),
            .owner("t/etc", uid: 4_294_967_294, gid: 65_536), .owner("t/link", uid: 7, gid: 8),
            .xattr(
                "t/nothing", name: "security.capability",
                hexadecimal: "0100000200040000000000000000000000000000"),
            .xattr("t/noise", name: "trusted.x", hexadecimal: "00"), .allTimes(77),
        ])
    }
}

@Suite struct ArchiveFidelityTests {
    /// GNU tar's own format has no room for attributes, so those are compared in pax only.
    @Test(arguments: [
        "pax", "pax --sparse", "pax --sparse --sparse-version=0.0",
        "pax --sparse --sparse-version=0.1",
    ])
    func whatGNUTarPacksIsWhatTheDirectoryHolds(_ format: String) throws {
        let directory = try TemporaryDirectory()
        try awkwardTree(in: directory)
        // Without --sparse the large file would be 5 GiB of zeros.
        if !format.contains("--sparse") { try directory.run("rm", "t/sparse") }
        try directory.run(
            "sh", "-c",
            """
            tar --format=\(format) --xattrs --xattrs-include='*' --numeric-owner --sort=name \
            -C t -cf x.tar .
            """)
        try expectSame(directory, "x.tar")
        if format.contains("--sparse") {
            let file = try #require(try directory.layer("x.tar")["sparse"])
            guard case .regular(.stored(let content)) = file.kind else { return }
            #expect(content.byteCount == 5 << 30)
            #expect(content.extents.reduce(0) { $0 + $1.byteCount } < 1 << 20)
        }
    }

    @Test func whatBsdtarPacksIsWhatTheDirectoryHolds() throws {
        let directory = try TemporaryDirectory()
        try awkwardTree(in: directory)
        try directory.run(
            "bsdtar", "--format=pax", "--numeric-owner", "--no-fflags", "-C", "t", "-cf", "x.tar",
            ".")
        try expectSame(directory, "x.tar")
    }

    private func expectSame(_ directory: TemporaryDirectory, _ name: String) throws {
        let packed = try directory.layer(name)
        let scanned = try Layer.scan(directory: FilePath(directory.path("t")), name: "t")
        #expect(try packed.listing() == scanned.listing())
        #expect(packed.notes.isEmpty)
    }

    /// Long names in members of their own, numbers in base 256, sparse files of type S.
    @Test(arguments: ["gnu --sparse", "oldgnu --sparse"])
    func whatOldFormatsCanHold(_ format: String) throws {
        let directory = try TemporaryDirectory()
        try directory.make([
            .directory("t"), .directory("t/d", mode: 0o1777), .file("t/d/su", "x", mode: 0o4755),
            .file(HostName("t/d/" + String(repeating: "n", count: 255)), "longest"),
            .file(HostName(bytes: Bytes("t/d/".utf8) + [0xe9, 10]), "no text"),
            .symlink("t/long", to: HostName(String(repeating: "x/", count: 2047) + "y")),
            .hardLink("t/d/again", to: "t/d/su"), .fifo("t/pipe"),
            .sparseFile("t/sparse", byteCount: 9 << 30, end: "end"), .allTimes(-77),
            .time("t/d/su", 1 << 36),
        ])
        // More pieces than a header has room for.
        for piece in 0..<40 {
            try directory.run(
                "dd", "if=/dev/urandom", "of=t/holes", "bs=4096", "count=1", "seek=\(piece * 9)",
                "conv=notrunc", "status=none")
        }
        if isRoot { try directory.make([.owner("t/d/su", uid: 4_294_967_294, gid: 3_000_000_000)]) }
        try directory.run(
            "sh", "-c", "tar --format=\(format) --numeric-owner --sort=name -C t -cf x.tar .")
        try expectSame(directory, "x.tar")
    }

    @Test(arguments: ["ustar", "v7"])
    func whatOlderFormatsCanHold(_ format: String) throws {
        let directory = try TemporaryDirectory()
        let name = String(repeating: "n", count: format == "v7" ? 60 : 99)
        try directory.make([
            .directory("t"), .directory("t/d", mode: 0o1777), .file("t/d/su", "x", mode: 0o4755),
            .directory(HostName("t/" + name)), .file(HostName("t/\(name)/\(name.prefix(30))"), "y"),
            .symlink("t/l", to: HostName(name)), .hardLink("t/d/again", to: "t/d/su"),
            .allTimes(77),
        ])
        try directory.run(
            "sh", "-c", "tar --format=\(format) --numeric-owner --sort=name -C t -cf x.tar .")
        try expectSame(directory, "x.tar")
    }

    @Test(arguments: [
        ("gzip", "gzip -n"), ("gz2", "sh -c 'head -c 100000|gzip -n; gzip -n'"),
        ("zstd", "zstd -q"),
        ("xz", "xz"), ("lz4", "lz4 -q"), ("bzip2", "bzip2"), ("lz4-dependent", "lz4 -q -BD -B4"),
        ("zero-padded gzip", "sh -c 'gzip -n; head -c 5000 /dev/zero'"),
        ("zero-padded lz4", "sh -c 'lz4 -q; head -c 5000 /dev/zero'"),
        ("zero-padded tar", "sh -c 'cat; head -c 5000 /dev/zero'"),
    ])
    func filters(_ filter: (name: String, command: String)) throws {
        let directory = try TemporaryDirectory()
        try directory.make([
            .directory("t"), .noise("t/noise", byteCount: 700_001), .file("t/text", "text"),
            .allTimes(1),
        ])
        try directory.run("sh", "-c", "tar -C t -cf plain.tar . && \(filter.command) <plain.tar >x")
        let scanned = try Layer.scan(directory: FilePath(directory.path("t")), name: "t")
        #expect(try directory.layer("x").listing() == scanned.listing())
    }

    /// What a tree of this machine cannot have, or only root's.
    @Test func numbersAtTheirLimits() throws {
        let directory = try TemporaryDirectory()
        let base256 = { (value: Int64, count: Int) -> Bytes in
            let bytes = withUnsafeBytes(of: value.bigEndian) { Bytes($0) }
            let filler = Bytes(repeating: value < 0 ? 0xff : 0, count: 16)
            var field = Bytes((filler + bytes).suffix(count))
            field[0] |= 0x80
            return field
        }
        let layer = try directory.layer(
            RawTar.pax(["uid": Bytes("4294967295".utf8), "mtime": Bytes("-100.5".utf8)])
                + RawTar.file("a") + RawTar.pax(["mtime": Bytes("99999999999.999".utf8)])
                + RawTar.file("b")
                + RawTar.header(
                    Bytes("c".utf8), uid: base256(4_294_967_295, 8), mtime: base256(-5, 12),
                    magic: "ustar  \0")
                + RawTar.header(Bytes("d".utf8), mtime: base256(1 << 40, 12), magic: "ustar  \0")
                + RawTar.pax(["mtime": Bytes("7".utf8), "uid": Bytes("5".utf8)], type: "g")
                + RawTar.file("e") + RawTar.pax(["uid": []]) + RawTar.file("f") + RawTar.end)
        #expect(
            try MergedTree.overlay([layer]).text == """
                d 0755 0:0 0 /
                f 0644 4294967295:0 -101 /a 0
                f 0644 0:0 99999999999 /b 0
                f 0644 4294967295:0 -5 /c 0
                f 0644 0:0 1099511627776 /d 0
                f 0644 5:0 7 /e 0
                f 0644 0:0 7 /f 0

                """)
    }

    @Test func attributesInEveryEncoding() throws {
        let directory = try TemporaryDirectory()
        let layer = try directory.layer(
            RawTar.pax(["SCHILY.xattr.user.a%3Db%25%41": [0, 10, 61], "RHT.security.selinux": [7]])
                + RawTar.file("star")
                + RawTar.pax([
                    "LIBARCHIVE.xattr.user.c%20%3d": Bytes("AAE".utf8),
                    "SCHILY.xattr.user.c%20": [1],
                ]) + RawTar.file("bsd") + RawTar.end)
        #expect(
            try MergedTree.overlay([layer]).text == """
                d 0755 0:0 0 /
                f 0644 0:0 0 /bsd 0 [user.c\\x20==0001]
                f 0644 0:0 0 /star 0 [security.selinux=07] [user.a=b%%41=000a3d]

                """)
    }

    @Test func pathsOf4096Bytes() throws {
        let directory = try TemporaryDirectory()
        let path = Bytes(
            String(repeating: String(repeating: "p", count: 240) + "/", count: 17).utf8
        )
        .dropLast()
        let name = Bytes(path.prefix(4096))
        let gnu = RawTar.raw(name + [0], type: "L") + RawTar.file("short", "gnu")
        let pax = RawTar.pax(["path": name]) + RawTar.file("short", "pax")
        for archive in [gnu, pax] {
            let layer = try directory.layer(archive + RawTar.end)
            #expect(layer.entries.map(\.path.bytes) == [name])
        }
    }

    @Test func foreignWaysOfNaming() throws {
        let directory = try TemporaryDirectory()
        let layer = try directory.layer(
            RawTar.directory("./") + RawTar.directory("a/") + RawTar.file("./a//./b", "x")
                + RawTar.header(Bytes("old/".utf8), type: "\0", magic: "") + RawTar.file("/abs/c")
                + RawTar.hardLink("abs/d", to: "/abs/c") + RawTar.link("e", to: "/abs/../x//")
                + RawTar.header(Bytes("label".utf8), type: "V") + RawTar.file("a/b", "later")
                + RawTar.end)
        #expect(
            try MergedTree.overlay([layer]).text == """
                d 0755 0:0 0 /
                d 0755 0:0 0 /a
                f 0644 0:0 0 /a/b 5
                d 0755 0:0 0 /abs
                f 0644 0:0 0 /abs/c 0 = /abs/d
                l 0644 0:0 0 /e -> /abs/../x//
                d 0644 0:0 0 /old

                """)
        #expect(try layer.content("a/b") == Bytes("later".utf8))
        #expect(
            layer.notes.map(\.description) == [
                "'x.tar' has the volume label 'label', which is no file",
                """
                'x.tar' has 1 member with an absolute name, the first '/abs/c'; the leading '/' \
                was removed
                """,
                "'x.tar' has 1 member that a later one of the same name replaces, the first /a/b",
            ])
    }
}
