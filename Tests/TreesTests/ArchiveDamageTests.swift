import Foundation
import SystemPackage
import TestSupport
import Testing
import Trees

/// An archive that is damaged, cut, full of nothing, or written to while it is read.
@Suite struct ArchiveDamageTests {
    static let filters = ["gzip -n", "zstd -q", "xz", "lz4 -q", "bzip2"]

    private func archive(_ command: String, in directory: TemporaryDirectory) throws -> Bytes {
        try directory.make([.noise("noise", byteCount: 60_000), .file("text", "text")])
        try directory.run("sh", "-c", "tar -cf- noise text | \(command) > whole")
        return Bytes(try Data(contentsOf: directory.url("whole")))
    }

    @Test(arguments: filters)
    func everyFlippedByteIsNoticedOrHarmless(_ command: String) throws {
        let directory = try TemporaryDirectory()
        let whole = try archive(command, in: directory)
        let listing = try directory.layer("whole").listing()
        for offset in stride(from: 0, to: whole.count, by: whole.count / 60) {
            var damaged = whole
            damaged[offset] ^= 0x10
            do {
                try Data(damaged).write(to: directory.url("x"))
                // Some bytes say nothing, such as the time in a gzip header.
                #expect(try directory.layer("x").listing() == listing, "byte \(offset)")
            } catch let error as TreeError {
                #expect(
                    error.description.hasPrefix("cannot read the archive 'x'"), "byte \(offset)")
            }
        }
    }

    @Test(arguments: filters + ["cat"])
    func everyCutIsNoticed(_ command: String) throws {
        let directory = try TemporaryDirectory()
        let whole = try archive(command, in: directory)
        let cuts = Set(stride(from: 1, to: whole.count, by: whole.count / 40))
            // Of a plain archive, tar's last record is zeros; of others, the checksums are last.
            .union(
                command == "cat" ? [512, 60_928, 61_440, 61_952] : (1...9).map { whole.count - $0 })
        for cut in cuts where command != "cat" || cut <= 61_952 {
            let error = #expect(throws: TreeError.self, "cut at \(cut)") {
                try directory.layer(Bytes(whole.prefix(cut)), name: "x")
            }
            #expect(error?.description.hasPrefix("cannot read the archive 'x'") == true)
        }
    }

    @Test func theDecompressorsWordsArePassedOn() throws {
        let directory = try TemporaryDirectory()
        var damaged = try archive("zstd -q", in: directory)
        damaged[damaged.count - 1] ^= 1
        let error = #expect(throws: TreeError.self) { try directory.layer(damaged, name: "x") }
        #expect(
            error?.description == """
                cannot read the archive 'x': its zstd data is damaged: Zstd decompression failed: \
                Restored data doesn't match checksum
                """)
    }

    @Test(arguments: ["gzip -n", "bzip2", "lz4 -q", "xz"])
    func whatFollowsTheCompressedDataIsNoticed(_ command: String) throws {
        let directory = try TemporaryDirectory()
        let whole = try archive(command, in: directory)
        #expect(throws: TreeError.self) {
            try directory.layer(whole + Bytes("nothing of ours".utf8), name: "x")
        }
    }

    @Test func aDecompressionBombFillsTheDiskAndEnds() throws {
        guard geteuid() == 0 else { return }
        let directory = try TemporaryDirectory()
        try directory.make([.directory("small")])
        guard
            try runProcess([
                "mount", "-t", "tmpfs", "-o", "size=4m", "none", directory.path("small"),
            ])
            .status == 0
        else { return }
        defer { _ = try? runProcess(["umount", directory.path("small")]) }  // gone with its machine
        try directory.run(
            "sh", "-c", "head -c 64M /dev/zero > bomb; tar -cf- bomb | gzip > x.tar.gz; rm bomb")
        let error = #expect(throws: TreeError.self) {
            try Layer.read(
                archive: FilePath(directory.path("x.tar.gz")), name: "x.tar.gz",
                scratch: FilePath(directory.path("small")))
        }
        #expect(
            error?.description
                == "cannot unpack 'x.tar.gz' beside the output: No space left on device")
        try #expect(directory.run("ls", "-A", "small").stdoutText == "")
    }

    @Test func aChangeWhileItIsReadIsNoticed() throws {
        let directory = try TemporaryDirectory()
        let bytes = RawTar.file("a", "x") + RawTar.file("b", "y") + RawTar.end
        try Data(bytes).write(to: directory.url("x.tar"))
        let changes: [(String, String)] = [
            ("echo >> x.tar", "it grew"), ("truncate -s 700 x.tar", "it shrank"),
            ("touch -d @5 x.tar", "it was written to"),
        ]
        for (change, words) in changes {
            var options = ArchiveOptions()
            let path = directory.path
            // Asked about a member, somebody else writes.
            options.contents = .wanted { _ in
                _ = try? runProcess(["sh", "-c", change], in: path)  // the test fails without it
                return true
            }
            let error = #expect(throws: TreeError.self) {
                try directory.layer("x.tar", options: options)
            }
            #expect(
                error?.description == "cannot add 'x.tar' to the tree: \(words) while it was read")
            try Data(bytes).write(to: directory.url("x.tar"))
        }
    }
}

/// What is read of an archive, and where from.
@Suite struct ArchiveOptionTests {
    @Test func listingKeepsNothingAndNeedsNoScratch() throws {
        let directory = try TemporaryDirectory()
        let bytes = RawTar.file("a", "x") + RawTar.hardLink("b", to: "a") + RawTar.end
        try Data(bytes).write(to: directory.url("x.tar"))
        var options = ArchiveOptions()
        options.contents = .none
        let layer = try Layer.read(
            archive: FilePath(directory.path("x.tar")), name: "x.tar",
            scratch: "/nonexistent", options: options)
        #expect(
            try MergedTree.overlay([layer]).text
                == "d 0755 0:0 0 /\nf 0644 0:0 0 /a 1 = /b\n")
        #expect(throws: TreeError.contentNotKept(tree: "x.tar")) { try layer.listing() }
    }

    @Test func onlyWantedContentsAreKept() throws {
        let directory = try TemporaryDirectory()
        var options = ArchiveOptions()
        options.contents = .wanted { $0 == "etc/wanted" }
        let layer = try directory.layer(
            RawTar.file("a", "x") + RawTar.file("etc/wanted", "kept") + RawTar.file("b", "y")
                + RawTar.end, options: options)
        #expect(try layer.content("etc/wanted") == Bytes("kept".utf8))
        #expect(layer["b"]?.byteCount == 1)
        #expect(throws: TreeError.contentNotKept(tree: "x.tar")) { try layer.content("b") }
    }

    @Test func aPieceOfAFile() throws {
        let directory = try TemporaryDirectory()
        let archive = RawTar.file("a", "inner")
        let before = Bytes(repeating: 7, count: 1001)
        try Data(before + archive + Bytes("behind".utf8)).write(to: directory.url("x"))
        let file = try FileDescriptor.open(directory.path("x"), .readOnly)
        defer { try? file.close() }  // nothing was written
        let range = UInt64(before.count)..<UInt64(before.count + archive.count)
        var options = ArchiveOptions()
        options.isKnownWhole = true
        let layer = try Layer.read(
            archive: file, bytes: range, name: "x layer 1", scratch: FilePath(directory.path),
            options: options)
        #expect(try layer.content("a") == Bytes("inner".utf8))
        #expect(throws: TreeError.self) {
            try Layer.read(
                archive: file, bytes: range, name: "x layer 1", scratch: FilePath(directory.path))
        }
    }

    @Test func ownersAreTheArchivesWhoeverBakes() throws {
        let directory = try TemporaryDirectory()
        let archive = RawTar.pax(["uid": Bytes("1000".utf8)]) + RawTar.file("a") + RawTar.end
        let rules: [(OwnerRule, UInt32)] = [
            (.keep, 1000), (.mapped(user: 1000), 1000), (.root, 0), (.fixed(uid: 3, gid: 4), 3),
        ]
        for (rule, uid) in rules {
            var options = ArchiveOptions()
            options.owner = rule
            #expect(try directory.layer(archive, options: options)["a"]?.uid == uid)
        }
    }
}
