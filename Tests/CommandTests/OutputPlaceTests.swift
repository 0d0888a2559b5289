import Foundation
import TestSupport
import Testing

/// What stands under the output's name, and where that is: rows 43 and 44 of docs/faults.md.
@Suite struct OutputPlaceTests {
    private let scratch: TemporaryDirectory
    private let precious = "precious"

    init() throws {
        scratch = try TemporaryDirectory()
        try BusyboxTree.make(at: scratch.path("tree"))
        try scratch.write(precious, to: "precious")
    }

    private func bake(to output: String, _ flags: [String] = []) throws -> ProcessResult {
        try StagedBake.run(
            ["-q", "-R", "tree", "-o", output] + flags + ["--", "/bin/sh"],
            environment: ["SOURCE_DATE_EPOCH": "1700000000"], in: scratch.path)
    }

    private func text(_ name: String) throws -> String {
        try String(contentsOf: scratch.url(name), encoding: .utf8)
    }

    private func type(_ name: String) throws -> FileAttributeType? {
        try FileManager.default.attributesOfItem(atPath: scratch.path(name))[.type]
            as? FileAttributeType
    }

    private func link(_ name: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(
            atPath: scratch.path(name), withDestinationPath: target)
    }

    private func expectRefusal(
        _ output: String, saying words: String, _ location: SourceLocation = #_sourceLocation
    ) throws {
        let before = (try? type(output)) ?? nil  // nil: nothing is there, here and below
        let result = try bake(to: output)
        #expect(result.status == 73, "\(result.stderrText)", sourceLocation: location)
        #expect(
            result.stderrText.contains("'\(output)'") && result.stderrText.contains(words),
            "\(result.stderrText)", sourceLocation: location)
        let after = (try? type(output)) ?? nil
        #expect(after == before, sourceLocation: location)
        #expect(try text("precious") == precious, sourceLocation: location)
    }

    @Test func row43LinksGiveWay() throws {
        try link("app.img", to: "precious")
        try link("dangling.img", to: "absent")
        for name in ["app.img", "dangling.img"] {
            let result = try bake(to: name)
            #expect(result.status == 0, "\(result.stderrText)")
            #expect(try type(name) == .typeRegular)
        }
        #expect(try text("precious") == precious)
        #expect(!FileManager.default.fileExists(atPath: scratch.path("absent")))
    }

    @Test func row43LinksToWhatIsNoFile() throws {
        try link("directory.img", to: "tree")
        try link("device.img", to: "/dev/null")
        // As /dev/stdout: standard output is a file here, and it is not what was meant.
        try link("stdout.img", to: "/proc/self/fd/1")
        try expectRefusal("stdout.img", saying: "link to something that is no file")
        try expectRefusal("directory.img", saying: "link to something that is no file")
        try expectRefusal("device.img", saying: "link to something that is no file")
    }

    /// As in /tmp: what others put there is neither followed nor taken away.
    @Test(.enabled(if: geteuid() == 0, "two users are needed"))
    func row43LinksOfOthersInAStickyDirectory() throws {
        try scratch.make([.directory("shared")])
        try link("shared/app.img", to: scratch.path("precious"))
        for (name, mode) in [("shared", 0o1777), ("precious", 0o666), ("", 0o755)] {
            try FileManager.default.setAttributes(
                [.posixPermissions: mode], ofItemAtPath: scratch.path(name))
        }
        let result = try runProcess(
            [
                "setpriv", "--reuid=65534", "--clear-groups", "--",
                try StagedBake.part("bin/bake"), "-q", "-R", "tree", "-o", "shared/app.img", "--",
                "/bin/sh",
            ], environment: ["BAKE_CACHE": try TestKernel.copy(toCacheIn: scratch)],
            in: scratch.path)
        #expect(result.status == 73, "\(result.stderrText)")
        #expect(result.stderrText.contains("Operation not permitted"), "\(result.stderrText)")
        #expect(try text("precious") == precious)
        #expect(try type("shared/app.img") == .typeSymbolicLink)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: scratch.path("shared"))
                == ["app.img"])
    }

    @Test func otherNamesOfTheOldImageKeepIt() throws {
        try FileManager.default.linkItem(
            atPath: scratch.path("precious"), toPath: scratch.path("app.img"))
        let result = try bake(to: "app.img")
        #expect(result.status == 0, "\(result.stderrText)")
        #expect(try text("precious") == precious)
    }

    @Test func whatIsNoFile() throws {
        try scratch.make([.fifo("pipe.img"), .directory("directory.img")])
        try expectRefusal("pipe.img", saying: "it is not a file")
        try expectRefusal("directory.img", saying: "it is a directory")
        try expectRefusal("tree/", saying: "it is a directory")
        let result = try bake(to: "/dev/null")
        #expect(result.status == 73, "\(result.stderrText)")
        #expect(result.stderrText.contains("it is not a file"), "\(result.stderrText)")
        let null = try FileManager.default.attributesOfItem(atPath: "/dev/null")
        #expect(null[.type] as? FileAttributeType == .typeCharacterSpecial)
    }

    @Test func placesThatCannotBeWritten() throws {
        try expectRefusal("absent/app.img", saying: "No such file or directory")
        try expectRefusal("precious/app.img", saying: "Not a directory")
        // Read-only for root too.
        let script = """
            mkdir fixed && mount -t tmpfs -o ro none fixed || exit 99
            exec "$0" -q -R tree -o fixed/app.img -- /bin/sh
            """
        let namespace = geteuid() == 0 ? ["unshare", "-m"] : ["unshare", "-r", "-m"]
        let result = try runProcess(
            namespace + ["sh", "-c", script, try StagedBake.part("bin/bake")], in: scratch.path)
        #expect(result.status == 73, "\(result.stderrText)")
        #expect(result.stderrText.contains("Read-only file system"), "\(result.stderrText)")
    }

    @Test func theLongestName() throws {
        let name = String(repeating: "ä", count: 125) + "x.img"
        #expect(name.utf8.count == 255)
        for _ in 0..<2 {
            let result = try bake(to: name)
            #expect(result.status == 0, "\(result.stderrText)")
        }
        #expect(try type(name) == .typeRegular)
        try expectRefusal("x\(name)", saying: "File name too long")
        let names = try FileManager.default.contentsOfDirectory(atPath: scratch.path)
        #expect(Set(names) == ["tree", "precious", name])
    }

    /// By its own name or any other, it is no part of the image that takes its place.
    @Test func row44OutputsInsideATree() throws {
        try link("way", to: "tree")
        let first = try bake(to: "tree/app.img")
        #expect(first.status == 0, "\(first.stderrText)")
        #expect(first.stderrText.isEmpty)
        let image = try Data(contentsOf: scratch.url("tree/app.img"))
        try FileManager.default.linkItem(
            atPath: scratch.path("tree/app.img"), toPath: scratch.path("tree/again.img"))
        for output in ["tree/app.img", "way/again.img"] {
            let result = try StagedBake.run(
                ["-R", "tree", "-o", output, "--", "/bin/sh"],
                environment: ["SOURCE_DATE_EPOCH": "1700000000"], in: scratch.path)
            #expect(result.status == 0, "\(result.stderrText)")
            #expect(
                result.stderrText.contains("is the output itself and was left out"),
                "\(result.stderrText)")
            let listing = try StagedBake.run(["ls", output], in: scratch.path)
            #expect(listing.status == 0, "\(listing.stderrText)")
            #expect(!listing.stdoutText.contains(".img"), "\(listing.stdoutText)")
            if output == "tree/app.img" {
                #expect(try Data(contentsOf: scratch.url(output)) == image)
                // The other name is another file now, and would be part of the next image.
                try FileManager.default.removeItem(atPath: scratch.path(output))
            }
        }
    }
}
