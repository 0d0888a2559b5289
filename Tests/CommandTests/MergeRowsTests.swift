import Foundation
import TestSupport
import Testing

/// Two trees that meet: table B4 of docs/faults.md through the whole tool. `A` and `B` stand beside
/// `outside`, which links lead to; nothing in it may ever change.
@Suite struct MergeRowsTests {
    private let scratch: TemporaryDirectory
    private let canary = "nobody writes here"

    init() throws {
        scratch = try TemporaryDirectory()
        try scratch.make([
            .directory("A"), .directory("B"), .directory("outside"), .file("outside/file", canary),
        ])
    }

    private func baked(_ flags: [String] = []) throws -> BakedTree {
        let baked = try BakedTree(["-v", "-R", "A", "-R", "B"] + flags, in: scratch)
        try checkOutside()
        return baked
    }

    private func checkOutside() throws {
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: scratch.path("outside"))
                == ["file"])
        #expect(try String(contentsOf: scratch.url("outside/file"), encoding: .utf8) == canary)
    }

    /// Refused with both trees and the path named, and no output.
    private func refused(_ words: String) throws {
        let result = try StagedBake.run(["-R", "A", "-R", "B", "-o", "app.img"], in: scratch.path)
        #expect(result.status == 65, "\(result.stderrText)")
        #expect(result.stderrText.contains(words), "\(result.stderrText)")
        #expect(!FileManager.default.fileExists(atPath: scratch.path("app.img")))
        try checkOutside()
    }

    @Test func row53SameFile() throws {
        try scratch.make([
            .file("A/f", "from A", mode: 0o600), .file("A/only-a", "a"),
            .file("B/f", "from B", mode: 0o755),
        ])
        // Same length and same time, where a copying tool that goes by them keeps A's.
        try scratch.make([.allTimes(1_000_000_000)])
        let baked = try baked(["--owner", "root"])
        #expect(try baked.content("f") == "from B")
        #expect(try baked.content("only-a") == "a")
        #expect(try baked.listing().contains("-rwxr-xr-x 0/0 6 2001-09-09 01:46 /f"))
    }

    @Test func row54FileThenDirectory() throws {
        try scratch.make([.file("A/p", "file"), .directory("B/p"), .file("B/p/x", "x")])
        try refused(
            "cannot lay 'B' over 'A': /p is a directory in the former and a file in the latter")
    }

    @Test func row55DirectoryThenFile() throws {
        try scratch.make([.directory("A/p"), .file("A/p/x", "x"), .file("B/p", "file")])
        try refused(
            "cannot lay 'B' over 'A': /p is a file in the former and a directory in the latter")
    }

    @Test func row56LinkToADirectoryOfTheHostThenDirectory() throws {
        try scratch.make([
            .symlink("A/p", to: HostName(scratch.path("outside"))),
            .directory("B/p"), .file("B/p/file", "from B"), .file("B/p/more", "more"),
        ])
        let baked = try baked()
        #expect(try baked.content("p/file") == "from B")
        #expect(try baked.content("p/more") == "more")
        #expect(try baked.listing().contains { $0.hasPrefix("drwx") && $0.hasSuffix(" /p") })
        #expect(
            baked.words.contains(
                """
                /p of B replaced the symbolic link of A, which leads to no directory of the image \
                ('\(scratch.path("outside"))')
                """), "\(baked.words)")
    }

    @Test func row56ByDotsAndAChainOfLinks() throws {
        try scratch.make([
            .symlink("A/chain", to: "q"), .symlink("A/q", to: "../outside"),
            .directory("B/chain"), .file("B/chain/file", "from B"),
        ])
        #expect(try baked().content("chain/file") == "from B")
    }

    @Test func row57LinkToAFileOfTheHostThenFile() throws {
        try scratch.make([
            .symlink("A/p", to: HostName(scratch.path("outside/file"))), .file("B/p", "from B"),
        ])
        let baked = try baked()
        #expect(try baked.content("p") == "from B")
        #expect(try baked.listing().contains { $0.hasPrefix("-rw") && $0.hasSuffix(" /p") })
    }

    @Test func row58HardLinksOfWhichOneIsReplaced() throws {
        try scratch.make([
            .file("A/a", "old"), .hardLink("A/b", to: "A/a"), .hardLink("A/c", to: "A/a"),
            .file("B/b", "new"),
        ])
        let baked = try baked()
        #expect(try baked.content("a") == "old")
        #expect(try baked.content("b") == "new")
        let unpacked = try baked.unpacked()
        let counts = try ["a", "b", "c"].map {
            try FileManager.default.attributesOfItem(atPath: unpacked.path($0))[.referenceCount]
                as? Int
        }
        #expect(counts == [2, 1, 2])
    }

    @Test func row59DirectoryModes() throws {
        try scratch.make([
            .directory("A/d", mode: 0o755), .file("A/d/a"), .directory("B/d", mode: 0o1770),
            .file("B/d/b"),
        ])
        let listing = try baked().listing()
        #expect(listing.contains { $0.hasPrefix("drwxrwx--T ") && $0.hasSuffix(" /d") })
        #expect(listing.contains { $0.hasSuffix(" /d/a") })
        #expect(listing.contains { $0.hasSuffix(" /d/b") })
    }

    /// A merged /usr: the link stays, the files go where it leads, and that is said.
    @Test func row60LinkInsideTheTreeThenDirectory() throws {
        try scratch.make([
            .directory("A/usr"), .directory("A/usr/etc"), .file("A/usr/etc/a", "a"),
            .symlink("A/etc", to: "usr/etc"), .directory("B/etc"), .file("B/etc/b", "b"),
        ])
        let baked = try baked()
        #expect(try baked.content("usr/etc/a") == "a")
        #expect(try baked.content("usr/etc/b") == "b")
        #expect(try baked.listing().contains { $0.hasSuffix(" /etc -> usr/etc") })
        #expect(
            baked.words.contains("/etc of B went to /usr/etc, where the symbolic link of A leads"),
            "\(baked.words)")
    }
}
