import Foundation
import SystemPackage
import TestSupport
import Testing
import Trees

/// Archives that must be refused, each with its words.
@Suite struct ArchiveRefusalTests {
    struct Case: Sendable, CustomStringConvertible {
        let bytes: Bytes
        let message: String

        /// - Parameter isEnded: false where the end mark is part of the matter.
        init(_ parts: Bytes..., isEnded: Bool = true, message: String) {
            bytes = Bytes(parts.joined()) + (isEnded ? RawTar.end : [])
            self.message = message
        }

        var description: String { message }
    }

    private static func text(_ text: String) -> Bytes { Bytes(text.utf8) }
    private static let long = String(repeating: "n", count: 256)

    static let paths = [
        Case(
            RawTar.file("../out", "x"),
            message:
                "', at its member '../out': its name has a '..', which could lead out of the tree"),
        Case(
            RawTar.file("a/b/../../../out"),
            message:
                "', at its member 'a/b/../../../out': its name has a '..', which could lead out of the tree"
        ),
        Case(
            RawTar.file("/../out"),
            message:
                "', at its member '/../out': its name has a '..', which could lead out of the tree"),
        Case(RawTar.file("", "x"), message: "', at its member '': it has no name"),
        Case(
            RawTar.file(".", "x"),
            message: "', at its member '.': the root of the tree must be a directory"),
        Case(
            RawTar.link("/", to: "x"),
            message: "', at its member '/': the root of the tree must be a directory"),
        Case(
            RawTar.raw(text(long) + [0], type: "L"), RawTar.file("short"),
            message: "', at its member '\(long)': a name in it has 256 bytes; Linux allows 255"),
        Case(
            RawTar.pax(["path": text("d/\(long)/x")]), RawTar.file("short"),
            message: "', at its member 'd/\(long)/x': a name in it has 256 bytes; Linux allows 255"),
        Case(
            RawTar.pax(["path": text("a\0b")]), RawTar.file("short"),
            message: "', at its member 'a\\x00b': its name holds a NUL"),
        Case(
            RawTar.file("\u{1b}[2Jx/../.."),
            message:
                "', at its member '\\x1b[2Jx/../..': its name has a '..', which could lead out of the tree"
        ),
        Case(
            RawTar.file("a"), RawTar.file("a/b"),
            message: "', at its member 'a/b': /a, above it, is a file in the same archive"),
        Case(
            RawTar.directory("a"), RawTar.file("a/b"), RawTar.file("a"),
            message: "', at its member 'a/b': /a, above it, is a file in the same archive"),
    ]

    static let links = [
        Case(
            RawTar.link("a", to: "/etc"), RawTar.file("a/b", "x"),
            message: "', at its member 'a/b': /a, above it, is a symbolic link in the same archive"),
        Case(
            RawTar.link("a", to: "."), RawTar.link("a/b", to: ".."), RawTar.file("a/b/c"),
            message: "', at its member 'a/b': /a, above it, is a symbolic link in the same archive"),
        Case(
            RawTar.hardLink("a", to: "../../etc/passwd"),
            message:
                "', at its member 'a': it is a hard link out of the tree, to '../../etc/passwd'"),
        Case(
            RawTar.hardLink("a", to: "/etc/passwd"),
            message: """
                ', at its member 'a': it is a hard link to '/etc/passwd', which the archive does not \
                have before it
                """),
        Case(
            RawTar.hardLink("a", to: "b"), RawTar.file("b"),
            message:
                "', at its member 'a': it is a hard link to 'b', which the archive does not have before it"
        ),
        Case(
            RawTar.directory("d"), RawTar.hardLink("a", to: "d"),
            message: "', at its member 'a': it is a hard link to 'd', which is a directory"),
        Case(
            RawTar.link("l", to: "/etc"), RawTar.hardLink("a", to: "l/passwd"),
            message: """
                ', at its member 'a': it is a hard link to 'l/passwd', which the archive does not \
                have before it
                """),
        Case(RawTar.link("a", to: ""), message: "', at its member 'a': its link target is empty"),
        Case(
            RawTar.pax(["linkpath": Bytes(repeating: 65, count: 4096)]), RawTar.link("a", to: ""),
            message: "', at its member 'a': its link target has 4096 bytes; Linux allows 4095"),
        Case(
            RawTar.pax(["linkpath": text("x\0y")]), RawTar.link("a", to: ""),
            message: "', at its member 'a': its link target holds a NUL"),
    ]

    static let numbers = [
        Case(
            RawTar.header(text("a"), uid: text("12x4567")),
            message: "', at its member 'a': its uid is not a number"),
        Case(
            RawTar.pax(["uid": text("4294967296")]), RawTar.file("a"),
            message: "', at its member 'a': its uid is larger than 4294967295"),
        Case(
            RawTar.pax(["gid": text("-1")]), RawTar.file("a"),
            message: "', at its member 'a': its gid is not a number"),
        Case(
            RawTar.pax(["mtime": text("yesterday")]), RawTar.file("a"),
            message: "', at its member 'a': its mtime is not a number"),
        Case(
            RawTar.pax(["size": text("18446744073709551615")]), RawTar.file("a"),
            message: "', at its member 'a': its size is larger than 9223372036854775807"),
        Case(
            RawTar.pax(["size": text("9223372036854775807")]), RawTar.file("a"),
            message: "', at its member 'a': it ends in the middle"),
        Case(
            RawTar.header(text("a"), size: 5000),
            message: "', at its member 'a': it ends in the middle"),
        Case(
            RawTar.header(text("a"), type: "3", device: (text("0010000"), text("0000001"))),
            message: "', at its member 'a': its device major is larger than 4095"),
    ]

    static let framing = [
        Case(isEnded: false, message: "': it is empty"),
        Case(
            RawTar.file("a", "x"), isEnded: false,
            message: """
                ': it has no end mark, so members may be missing
                  hint: make it again; two blocks of zeros end a tar archive
                """),
        Case(
            RawTar.file("a", "x"), RawTar.end, text("garbage"), isEnded: false,
            message: """
                ': something other than zeros follows its end mark
                  hint: for archives joined by 'cat', give each with an -R of its own
                """),
        Case(
            RawTar.file("a"), RawTar.end, RawTar.file("b"),
            message: """
                ': something other than zeros follows its end mark
                  hint: for archives joined by 'cat', give each with an -R of its own
                """),
        Case(
            RawTar.file("a"), [1] + RawTar.file("b").dropFirst(),
            message: "': a header's checksum is wrong: the archive is damaged"),
        Case(
            RawTar.file("a"), text("half a header"), isEnded: false,
            message: "': it ends in the middle"),
        Case(
            RawTar.pax(["path": text("a")]),
            message: "': it ends in the middle"),
        Case(
            RawTar.raw(text("99 path=a\n"), type: "x"), RawTar.file("a"),
            message: "', at its member 'PaxHeaders': its pax records are malformed"),
        Case(
            RawTar.raw(text("8 path\n\n"), type: "x"), RawTar.file("a"),
            message: "', at its member 'PaxHeaders': its pax records are malformed"),
        Case(
            RawTar.header(text("P"), type: "x", size: 1 << 30),
            message: """
                ', at its member 'P': its extended header has 1073741824 bytes; the limit is 16777216
                """),
        Case(
            RawTar.pax(["LIBARCHIVE.xattr.user.a": text("!!")]), RawTar.file("a"),
            message: "', at its member 'a': its pax records are malformed"),
        Case(
            RawTar.pax(["GNU.sparse.size": text("10"), "GNU.sparse.map": text("5,9,1,1")]),
            RawTar.file("a", "0123456789"),
            message: "', at its member 'a': its map of holes does not fit its contents"),
        Case(
            RawTar.pax(["GNU.sparse.size": text("10"), "GNU.sparse.map": text("0,11")]),
            RawTar.file("a", "0123456789a"),
            message: "', at its member 'a': its map of holes does not fit its contents"),
        Case(
            RawTar.pax(["GNU.sparse.major": text("1"), "GNU.sparse.realsize": text("10")]),
            RawTar.file("a", "99999999999999999999\n"),
            message: "', at its member 'a': its map of holes does not fit its contents"),
        Case(
            RawTar.header(text("a"), type: "Q"),
            message: "', at its member 'a': its type is unknown ('Q')"),
        Case(
            RawTar.header(text("a"), type: "M"),
            message: "', at its member 'a': the archive continues on another volume"),
    ]

    private static let notTarHint = """

          hint: tar archives are read, plain or with gzip, zstd, xz, lz4 or bzip2; unpack others \
        into a directory
        """

    static let others = [
        Case(
            text("PK\u{3}\u{4}") + Bytes(repeating: 65, count: 600), isEnded: false,
            message: "': it is a zip archive, not a tar archive" + notTarHint),
        Case(
            text("!<arch>\ndebian-binary"), isEnded: false,
            message: "': it is an ar archive, such as a Debian package, not a tar archive"
                + notTarHint),
        Case(
            text("070701") + Bytes(repeating: 48, count: 600), isEnded: false,
            message: "': it is a cpio archive, not a tar archive" + notTarHint),
        Case(
            text(String(repeating: "hello ", count: 200)), isEnded: false,
            message: "': it is not a tar archive" + notTarHint),
    ]

    @Test(arguments: [paths, links, numbers, framing, others].joined())
    func isRefused(_ test: Case) throws {
        let directory = try TemporaryDirectory()
        try directory.make([.directory("canary"), .directory("canary/d"), .allTimes(1)])
        let error = #expect(throws: TreeError.self) {
            try directory.layer(test.bytes, name: "canary/d/x.tar")
        }
        #expect(
            error?.description == "cannot read the archive 'canary/d/x.tar" + test.message)
        // Nothing but the archive, here, beside it and above.
        try #expect(
            directory.run("find", ".").stdoutText == ".\n./canary\n./canary/d\n./canary/d/x.tar\n")
    }

    @Test func accessControlLists() throws {
        let directory = try TemporaryDirectory()
        let archive =
            RawTar.directory("d")
            + RawTar.pax([
                "SCHILY.acl.access": Self.text(
                    "user::rw-,user:7:rw-,group::---,mask::rw-,other::---")
            ])
            + RawTar.file("d/a") + RawTar.pax(["SCHILY.xattr.system.posix_acl_default": [2]])
            + RawTar.directory("d/b") + RawTar.end
        let error = #expect(throws: TreeError.self) { try directory.layer(archive) }
        #expect(
            error?.description == """
                cannot add 'x.tar/d/a' to the tree: it has an access control list \
                (SCHILY.acl.access), which squashfs cannot hold
                  hint: remove it with 'setfacl -b', or leave it out with --drop-acl
                """)
        var options = ArchiveOptions()
        options.dropsAccessControlLists = true
        let layer = try directory.layer(archive, options: options)
        // The group's bits were the list's mask; now they are the group's.
        #expect(layer["d/a"]?.permissions == 0o604)
        #expect(
            layer.notes.map(\.description) == [
                "the access control lists of 2 members of 'x.tar' were dropped, the first /d/a"
            ])
    }

    @Test func whatIsNoFile() throws {
        let directory = try TemporaryDirectory()
        try directory.make([.fifo("pipe"), .directory("d")])
        for (name, message) in [
            ("pipe", "cannot read the archive 'pipe': it is not a file"),
            ("d", "cannot read the archive 'd': it is not a file"),
            ("none", "cannot read the tree 'none': No such file or directory"),
        ] {
            let error = #expect(throws: TreeError.self) { try directory.layer(name) }
            #expect(error?.description == message)
        }
    }

    @Test func deviceFloodsAreNodes() throws {
        let directory = try TemporaryDirectory()
        let flood = (0..<20_000).flatMap { index in
            RawTar.header(
                Bytes("dev/\(index)".utf8), type: "4", device: (Self.text("10"), Self.text("7")))
        }
        let layer = try directory.layer(flood + RawTar.end)
        #expect(layer.entries.count == 20_000)
    }
}
