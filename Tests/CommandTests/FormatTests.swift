import Foundation
import TestSupport
import Testing

/// `bake build --format`: the tree alone, as other programs take it.
@Suite struct FormatTests {
    private let scratch: TemporaryDirectory
    /// Not in the tree.
    private let outputs: TemporaryDirectory

    init() throws {
        scratch = try TemporaryDirectory()
        outputs = try TemporaryDirectory()
        try BusyboxTree.make(at: scratch.path("tree"), scripts: ["init": "#!/bin/sh\n"])
        try scratch.make([
            .file("tree/file", "one"), .hardLink("tree/name", to: "tree/file"),
            .noise("tree/noise", byteCount: 3_000_000), .allTimes(1_600_000_000),
        ])
    }

    private func bake(
        _ flags: [String], to output: String = "out", environment: [String: String] = [:]
    ) throws -> ProcessResult {
        try StagedBake.run(
            ["-R", "tree", "--no-default-etc", "-o", outputs.path(output)] + flags,
            environment: environment, in: scratch.path)
    }

    /// The report of a bake that came to an end.
    private func report(_ flags: [String], to output: String = "out") throws -> [String: Any] {
        let result = try bake(flags + ["--json"], to: output)
        guard result.status == 0 else { throw TestFailure(result.stderrText) }
        #expect(result.stderrText == "")
        return try #require(
            try JSONSerialization.jsonObject(with: result.stdout) as? [String: Any])
    }

    private static let formats = [
        ("initrd", "zstd", "zstd -dc out | cpio -it --quiet"),
        ("squashfs", "zstd", "unsquashfs -q -d '' -l out | sed 's,^/,,'"),
        ("tar", "none", "tar -tf out | sed 's,^./,,; s,/$,,'"),
    ]

    /// No kernel is there, the report says what was written, the digest is the file's own, and what
    /// is in it another program reads.
    @Test(arguments: formats)
    func aTreeAlone(format: String, compression: String, list: String) throws {
        let none = try TemporaryDirectory()
        let result = try bake(
            ["--format", format, "--json"], environment: ["BAKE_CACHE": none.path])
        #expect(result.status == 0, "\(result.stderrText)")
        let report = try #require(
            try JSONSerialization.jsonObject(with: result.stdout) as? [String: Any])
        let byteCount = try #require(
            try FileManager.default.attributesOfItem(atPath: outputs.path("out"))[.size] as? Int)
        #expect(report["format"] as? String == format)
        #expect(report["outputByteCount"] as? Int == byteCount)
        #expect(report["imageByteCount"] is NSNull && report["kernelVersion"] is NSNull)
        #expect(report["memory"] is NSNull)
        let blob = try #require(report["blob"] as? [String: Any])
        #expect(blob["compression"] as? String == compression)
        #expect(blob["kind"] as? String == (format == "initrd" ? "newc" : format))
        let digest = try runProcess(["sha256sum", outputs.path("out")])
        #expect(report["sha256"].map { digest.stdoutText.hasPrefix("\($0) ") } == true)
        let listed = try runProcess(["sh", "-c", list], in: outputs.path)
        let names = Set(listed.stdoutText.split(separator: "\n"))
        #expect(names.isSuperset(of: ["init", "bin/busybox", "file", "name", "dev"]), "\(names)")
        let left = try FileManager.default.contentsOfDirectory(atPath: outputs.path)
        #expect(left == ["out"])
    }

    /// The bytes are the same for every number of threads, and for a second bake with all that
    /// makes no difference changed.
    @Test(arguments: ["initrd", "squashfs", "tar"])
    func theSameBytes(format: String) throws {
        let flags = ["--format", format, "--compression", "zstd"]
        let digests = try ["1", "2", "7"].map { count in
            try report(flags + ["-j", count])["sha256"] as? String
        }
        #expect(digests[0] != nil && Set(digests).count == 1)
        let checked = try report(flags + ["--check-reproducible"])
        #expect(checked["sha256"] as? String == digests[0])
        let reproducibility = try #require(checked["reproducibility"] as? [String: Any])
        #expect(reproducibility["isSame"] as? Bool == true)
    }

    @Test(arguments: [("squashfs", "/rnd: other content"), ("initrd", "initrd: other bytes from ")])
    func whatDiffersIsNamed(format: String, words: String) throws {
        let result = try bake([
            "--format", format, "--check-reproducible", "--edit",
            "head -c 9 /dev/urandom > /rnd; touch -d @1 /rnd /",
        ])
        #expect(result.status == 1, "\(result.stderrText)")
        #expect(result.stderrText.contains(words), "\(result.stderrText)")
    }

    /// The beginning of an image's blob, and what unsquashfs takes.
    @Test func theSquashfsIsTheOneOfAnImage() throws {
        let image = try bake([], to: "app.img")
        #expect(image.status == 0, "\(image.stderrText)")
        let extracted = try StagedBake.run(
            ["extract", "app.img", "blob-data", "-o", "data"], in: outputs.path)
        #expect(extracted.status == 0, "\(extracted.stderrText)")
        #expect(try bake(["--format", "squashfs"], to: "alone").status == 0)
        let alone = try Data(contentsOf: outputs.url("alone"))
        let data = try Data(contentsOf: outputs.url("data"))
        #expect(alone.count % 4096 == 0 && alone.count - data.count < 4096)
        #expect(alone.prefix(data.count) == data)
        #expect(alone[data.count...].allSatisfy { $0 == 0 })
    }

    /// Programs complain of anything behind a stream they unpack.
    @Test(arguments: [
        ("gzip", "gzip -t"), ("zstd", "zstd -qt"), ("xz", "xz -t"), ("lz4", "lz4 -qt"),
        ("lz4:12", "lz4 -qt"),
    ])
    func nothingStandsBehindATar(compression: String, test: String) throws {
        _ = try report(["--format", "tar", "--compression", compression])
        let tested = try runProcess(
            ["sh", "-c", "\(test) < out && bsdtar -xOf out file"], in: outputs.path)
        #expect(tested.status == 0 && tested.stderrText == "", "\(tested.stderrText)")
        #expect(tested.stdoutText == "one")
    }

    private static let flagsOfImages: [(name: String, flags: [String])] = [
        ("--kernel", ["-k", "absent"]), ("--kernel-cmdline", ["--kernel-cmdline", "quiet"]),
        ("--config", ["-c", "absent"]), ("--env", ["-e", "A=1"]),
        ("--hostname", ["--hostname", "h"]),
        ("--blob", ["--blob", "squashfs"]), ("--block-size", ["--block-size", "64K"]),
        ("--", ["--", "/bin/sh"]),
    ]

    @Test(arguments: flagsOfImages)
    func flagsOfImagesAreRefused(name: String, flags: [String]) throws {
        let result = try bake(["--format", "initrd"] + flags)
        #expect(result.status == 64)
        #expect(
            result.stderrText.hasPrefix(
                "bake: error: '\(name)' says nothing about an initrd alone\n"),
            "\(result.stderrText)")
        #expect(!FileManager.default.fileExists(atPath: outputs.path("out")))
    }

    @Test func whatABakeJSONSaysOfImagesIsAWarning() throws {
        try scratch.write(
            #"{"root": ["tree"], "kernel": "absent", "env": {"A": "1"}, "program": ["/absent"]}"#,
            to: "bake.json")
        let result = try StagedBake.run(
            ["--format", "squashfs", "--block-size", "4K", "-o", outputs.path("out")],
            in: scratch.path)
        #expect(result.status == 0, "\(result.stderrText)")
        for key in ["env", "program", "kernel"] {
            #expect(
                result.stderrText.contains(
                    "bake: warning: '\(key)' of the request says nothing about a squashfs alone\n"),
                "\(result.stderrText)")
        }
    }

    @Test func aWrongFormatOrNumberOfJobs() throws {
        let format = try bake(["--format", "cpio"])
        #expect(format.status == 64)
        #expect(
            format.stderrText.contains("'cpio' is none of image, initrd, squashfs, tar"),
            "\(format.stderrText)")
        #expect(try bake(["-j", "0"]).status == 64)
    }

    @Test func aDryRunWritesNothing() throws {
        let report = try report(["--format", "initrd", "--dry-run"])
        #expect(report["outputByteCount"] is NSNull && report["sha256"] is NSNull)
        #expect(try FileManager.default.contentsOfDirectory(atPath: outputs.path) == [])
    }

    // MARK: initrd

    @Test func anInitrdWithoutInitIsAWarning() throws {
        try FileManager.default.removeItem(atPath: scratch.path("tree/init"))
        let missing = try bake(["--format", "initrd"])
        #expect(missing.status == 0)
        #expect(
            missing.stderrText.contains("bake: warning: the tree has no /init"),
            "\(missing.stderrText)")
        let linked = try bake([
            "--format", "initrd", "--node", "l 0777 0:0 0 /init -> bin/busybox",
        ])
        #expect(!linked.stderrText.contains("warning"), "\(linked.stderrText)")
        let other = try bake([
            "--format", "initrd", "--node", "l 0777 0:0 0 /init -> file",
        ])
        #expect(
            other.stderrText.contains("not be able to start /init: '/init' is not executable"),
            "\(other.stderrText)")
        #expect(try !bake(["--format", "tar"]).stderrText.contains("/init"))
    }

    @Test func extendedAttributesOfAnInitrd() throws {
        try scratch.make([.xattr("tree/file", name: "user.a", hexadecimal: "01")])
        try outputs.write("old", to: "out")
        let refused = try bake(["--format", "initrd"])
        #expect(refused.status == 65)
        #expect(
            refused.stderrText == """
                bake: error: cannot store '/file': an initrd has no place for extended attributes \
                (user.a), which 1 file has
                  hint: --drop-xattrs leaves them out

                """)
        #expect(try String(contentsOfFile: outputs.path("out"), encoding: .utf8) == "old")
        let dropped = try bake(["--format", "initrd", "--drop-xattrs"])
        #expect(dropped.status == 0)
        #expect(
            dropped.stderrText.contains("warning: the extended attributes of 1 file were left out"),
            "\(dropped.stderrText)")
        #expect(try bake(["--format", "squashfs"]).status == 0)
    }
}
