import Foundation
import TestSupport
import Testing

/// `bake ls`, `cat` and `why` on images as baked, and images and file systems as inputs.
@Suite struct ImageTreeTests {
    private static let baked = Result { try BakedSample() }

    private let sample: BakedSample

    init() throws {
        sample = try Self.baked.get()
    }

    @discardableResult
    private func bake(_ arguments: [String], status: Int32 = 0) throws -> ProcessResult {
        let result = try StagedBake.run(
            arguments, environment: sample.environment, in: sample.scratch.path)
        #expect(result.status == status, "\(arguments): \(result.stderrText)")
        return result
    }

    private func lines(_ arguments: [String]) throws -> [String] {
        try bake(arguments).stdoutText.split(separator: "\n").map(String.init)
    }

    // MARK: ls

    @Test(arguments: ["app.img", "app-tar.img"])
    func listsWhatTarLists(image: String) throws {
        let own = try lines(["ls", image, "/srv"])
        #expect(
            own == [
                "/srv", "/srv/a\\x0ab", "/srv/also-data", "/srv/data", "/srv/deep",
                "/srv/deep/file", "/srv/link", "/srv/x\\xff",
            ])
        #expect(try lines(["ls", image]).contains("/etc/hosts"))
    }

    @Test func unsquashfsListsTheSame() throws {
        try bake(["extract", "app.img", "blob-data", "-o", "app.squashfs"])
        let listed = try runProcess(
            ["unsquashfs", "-ls", "-d", "", "app.squashfs"], in: sample.scratch.path)
        let known = try bake(["ls", "-0", "app.img"]).stdout.split(separator: 0).map { Array($0) }
        var theirs = Set(listed.stdout.split(separator: 10).map { Array($0) })
        // A name with a newline is two lines of theirs.
        #expect(theirs.remove(Array("/srv/a".utf8)) != nil)
        #expect(theirs.remove(Array("b".utf8)) != nil)
        theirs.insert(Array("/srv/a\nb".utf8))
        #expect(Set(known.filter { $0 != [0x2f] }) == theirs)
    }

    @Test func aLineAnInode() throws {
        let time = sample.time
        #expect(
            try lines(["ls", "-l", "app.img", "/srv/data", "/srv/link"]) == [
                "f 0640 0:0 \(time) /srv/also-data 5 = /srv/data"
            ])
        #expect(
            try lines(["ls", "-l", "app.img", "/srv"])
                .contains("l 0777 0:0 \(time) /srv/link -> data"))
    }

    @Test func shallowAndThroughLinks() throws {
        #expect(try lines(["ls", "--shallow", "app.img", "/srv/deep/.."]).count == 7)
        #expect(try lines(["ls", "app.img", "/way/deep"]) == ["/srv/deep", "/srv/deep/file"])
    }

    @Test func listsAsJSON() throws {
        let json = try bake(["ls", "--json", "app.img", "/srv"]).stdout
        let rows = try #require(try JSONSerialization.jsonObject(with: json) as? [[String: Any]])
        let data = try #require(rows.first { $0["path"] as? String == "/srv/data" })
        #expect(data["kind"] as? String == "file")
        #expect(data["mode"] as? String == "0640")
        #expect(data["byteCount"] as? Int == 5)
        let twin = try #require(rows.first { $0["path"] as? String == "/srv/also-data" })
        #expect(data["inode"] as? Int == twin["inode"] as? Int)
        let odd = rows.compactMap { $0["path"] as? [String: String] }
        #expect(odd == [["base64": Data(Array("/srv/x".utf8) + [0xff]).base64EncodedString()]])
    }

    // MARK: cat

    @Test(arguments: ["app.img", "app-tar.img"])
    func printsBytesAsTheyAre(image: String) throws {
        #expect(try bake(["cat", image, "/bin/busybox"]).stdout == sample.busybox)
        #expect(try bake(["cat", image, "/srv/data", "/way/link"]).stdoutText == "12345" + "12345")
        #expect(try bake(["cat", image, "/srv/also-data"]).stdoutText == "12345")
        #expect(try bake(["cat", image, "/srv/x\\xff"]).stdoutText == "odd")
    }

    @Test func whatIsNoFileIsRefused() throws {
        let directory = try bake(["cat", "app.img", "/srv"], status: 65).stderrText
        #expect(directory.contains("is a directory") && directory.contains("bake ls"))
        let near = try bake(["cat", "app.img", "/srv/dtaa"], status: 66).stderrText
        #expect(near.contains("there is no '/srv/dtaa'") && near.contains("'/srv/data'"))
        let elsewhere = try bake(["cat", "app.img", "/usr/sbin/busybox"], status: 66).stderrText
        #expect(elsewhere.contains("'/bin/busybox'"))
        let circle = try bake(["cat", "app.img", "/circle"], status: 65).stderrText
        #expect(circle.contains("circle"))
        #expect(try bake(["ls", "absent.img"], status: 66).stderrText.contains("'absent.img'"))
        #expect(try bake(["ls", "lower.tar"], status: 65).stderrText.contains("'lower.tar'"))
    }

    // MARK: why

    @Test(arguments: ["app.img", "app-tar.img"])
    func saysWhereFilesCameFrom(image: String) throws {
        #expect(
            try bake(["why", image, "/etc/conf", "/srv/data", "/dev"]).stdoutText == """
                /etc/conf: tree 2 ('upper')
                  hides what tree 1 ('lower') has there
                /srv/data: tree 1 ('lower')
                /dev: bake itself

                """)
        #expect(
            try bake(["why", image, "/way/link"]).stdoutText == """
                /way/link: tree 1 ('lower')
                  is /srv/link, links followed
                  is a symbolic link to data

                """)
    }

    @Test func saysWhatIsNotThereAndWhatTookIt() throws {
        #expect(
            try bake(["why", "app.img", "/etc/removed"], status: 66).stdoutText == """
                /etc/removed: not in the image
                  tree 2 ('upper') removed it; tree 1 ('lower') had it

                """)
        let near = try bake(["why", "app.img", "/etc/conff"], status: 66).stdoutText
        #expect(near == "/etc/conff: not in the image\n  did you mean '/etc/conf'?\n")
    }

    @Test func theImageItselfKnowsNoPaths() throws {
        let result = try StagedBake.run(
            ["why", "app.img", "/etc/conf"],
            environment: ["BAKE_CACHE": sample.scratch.path("other")], in: sample.scratch.path)
        #expect(result.stdoutText == "/etc/conf: tree 2\n  hides what tree 1 has there\n")
        try bake(["extract", "app.img", "provenance", "-o", "why.zst"])
        let text = try runProcess(["zstd", "-dc", "why.zst"], in: sample.scratch.path).stdoutText
        #expect(text.hasPrefix("bake-provenance 1\n"))
        #expect(!text.contains("lower") && !text.contains("upper"))
    }

    @Test func explainsAsJSON() throws {
        let json = try bake(["why", "--json", "app.img", "/etc/conf"]).stdout
        let rows = try #require(try JSONSerialization.jsonObject(with: json) as? [[String: Any]])
        let layer = try #require(rows.first?["layer"] as? [String: Any])
        #expect(layer["origin"] as? String == "tree 2")
        #expect(layer["name"] as? String == "upper")
        #expect((rows.first?["hides"] as? [[String: Any]])?.first?["origin"] as? String == "tree 1")
    }

    // MARK: Inputs

    /// The same trees under other names make the same bytes, provenance included.
    @Test func theSameTreesElsewhereMakeTheSameImage() throws {
        let elsewhere = try TemporaryDirectory()
        for name in ["lower", "upper"] {
            try runProcess(["cp", "-a", sample.scratch.path(name), elsewhere.path("other-\(name)")])
        }
        let result = try StagedBake.run(
            ["-R", "other-lower", "-R", "other-upper", "-o", "again.img", "-q"],
            environment: try BakedSample.newCache(in: elsewhere), in: elsewhere.path)
        #expect(result.status == 0, "\(result.stderrText)")
        let names = try FileManager.default.contentsOfDirectory(
            atPath: elsewhere.path("cache/names"))
        #expect(names.count == 1)
        let isSame =
            try Data(contentsOf: elsewhere.url("again.img"))
            == Data(contentsOf: sample.scratch.url("app.img"))
        #expect(isSame)
    }

    @Test(arguments: ["app.img", "app-tar.img", "unpacked.squashfs"])
    func anImageIsAnInput(input: String) throws {
        if input == "unpacked.squashfs" {
            try bake(["extract", "app.img", "blob-data", "-o", input])
        }
        let output = "from-\(input).img"
        try bake(["--no-default-etc", "-R", input, "-o", output, "-q"])
        #expect(try lines(["ls", "-l", output]) == lines(["ls", "-l", "app.img"]))
        #expect(try bake(["cat", output, "/bin/busybox"]).stdout == sample.busybox)
        #expect(
            try bake(["why", output, "/srv/data"]).stdoutText.hasPrefix("/srv/data: tree 1 "))
    }

    @Test func aDamagedImageIsNoInput() throws {
        try runProcess(["cp", "app.img", "damaged.img"], in: sample.scratch.path)
        let image = try bake(["inspect", "--json", "app.img"]).stdout
        let json = try #require(try JSONSerialization.jsonObject(with: image) as? [String: Any])
        let parts = try #require(json["parts"] as? [[String: Any]])
        let blob = try #require(parts.first { $0["name"] as? String == "blob" })
        let file = try FileHandle(forUpdating: sample.scratch.url("damaged.img"))
        try file.seek(toOffset: UInt64(try #require(blob["offset"] as? Int) + 5000))
        try file.write(contentsOf: Data([1, 2, 3, 4]))
        try file.close()
        let refused = try bake(["-R", "damaged.img", "-o", "new.img"], status: 65).stderrText
        #expect(refused.contains("'damaged.img'") && refused.contains("blob"), "\(refused)")
    }
}

/// Two trees, baked as squashfs and as tar.
private final class BakedSample: @unchecked Sendable {
    let scratch: TemporaryDirectory
    let time = 1_700_000_000
    let busybox: Data
    let environment: [String: String]

    init() throws {
        scratch = try TemporaryDirectory()
        try BusyboxTree.make(at: scratch.path("lower"))
        busybox = try Data(contentsOf: scratch.url("lower/bin/busybox"))
        try scratch.make([
            .directory("lower/etc"), .file("lower/etc/conf", "one"), .file("lower/etc/removed"),
            .directory("lower/srv"), .file("lower/srv/data", "12345", mode: 0o640),
            .hardLink("lower/srv/also-data", to: "lower/srv/data"),
            .symlink("lower/srv/link", to: "data"), .directory("lower/srv/deep"),
            .file("lower/srv/deep/file", "deep"), .file("lower/srv/a\nb", "newline"),
            .file(HostName(bytes: Array("lower/srv/x".utf8) + [0xff]), "odd"),
            .symlink("lower/way", to: "srv"), .symlink("lower/circle", to: "circle"),
            .directory("upper"), .directory("upper/etc"), .file("upper/etc/conf", "two"),
            .file("upper/etc/.wh.removed"), .allTimes(time),
        ])
        try scratch.write("no image", to: "lower.tar")
        environment = try Self.newCache(in: scratch)
        for (output, kind) in [("app.img", "squashfs"), ("app-tar.img", "tar")] {
            let result = try StagedBake.run(
                ["-R", "lower", "-R", "upper", "--blob", kind, "-o", output],
                environment: environment, in: scratch.path)
            guard result.status == 0 else { throw TestFailure(result.stderrText) }
        }
    }

    /// A cache that knows no names, with the kernels of the one that is there.
    static func newCache(in directory: TemporaryDirectory) throws -> [String: String] {
        let kernel = try TestKernel.newest()
        try FileManager.default.createDirectory(
            atPath: directory.path("cache"), withIntermediateDirectories: false)
        try FileManager.default.createSymbolicLink(
            atPath: directory.path("cache/kernels"),
            withDestinationPath: URL(fileURLWithPath: kernel.directory)
                .deletingLastPathComponent().path)
        return ["BAKE_CACHE": directory.path("cache")]
    }
}
