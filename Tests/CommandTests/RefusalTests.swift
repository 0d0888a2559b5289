import Foundation
import TestSupport
import Testing

/// Each mistake ends with its documented status and a message that names the thing, and leaves an
/// output that stood there as it was.
@Suite struct RefusalTests {
    private let scratch: TemporaryDirectory
    private let old = "the old image"

    init() throws {
        scratch = try TemporaryDirectory()
        try BusyboxTree.make(at: scratch.path("tree"))
        try scratch.write(old, to: "app.img")
    }

    /// Runs `bake` in the scratch directory and checks status, message and the untouched output.
    /// - Returns: what was said.
    @discardableResult
    private func refuse(
        _ arguments: [String], status: Int32, saying words: [String],
        environment: [String: String] = [:], _ location: SourceLocation = #_sourceLocation
    ) throws -> String {
        let result = try StagedBake.run(arguments, environment: environment, in: scratch.path)
        #expect(result.status == status, "\(result.stderrText)", sourceLocation: location)
        for word in words {
            #expect(
                result.stderrText.contains(word), "no '\(word)' in: \(result.stderrText)",
                sourceLocation: location)
        }
        #expect(result.stdoutText.isEmpty, sourceLocation: location)
        let standing = try String(contentsOfFile: scratch.path("app.img"), encoding: .utf8)
        #expect(standing == old, sourceLocation: location)
        let litter = try FileManager.default.contentsOfDirectory(atPath: scratch.path)
            .filter { $0.hasPrefix(".") }
        #expect(litter.isEmpty, "\(litter)", sourceLocation: location)
        return result.stderrText
    }

    @Test func missingTree() throws {
        try refuse(
            ["-R", "absent", "-o", "app.img"], status: 66,
            saying: ["bake: error: ", "'absent'", "No such file or directory"])
    }

    @Test func fileGivenAsTree() throws {
        try scratch.write("x", to: "file")
        try refuse(
            ["-R", "file", "-o", "app.img"], status: 65,
            saying: ["'file'", "not a tar archive", "hint: "])
    }

    @Test func noTreeAtAll() throws {
        try refuse(["-o", "app.img"], status: 64, saying: ["no tree", "-R"])
    }

    @Test func unknownFlag() throws {
        try refuse(
            ["-R", "tree", "-o", "app.img", "--frobnicate"], status: 64, saying: ["--frobnicate"])
    }

    @Test func fileOverDirectoryNamesBothTrees() throws {
        try scratch.write("x", to: "upper/bin")
        try refuse(
            ["-R", "tree", "-R", "upper", "-o", "app.img"], status: 65,
            saying: ["'tree'", "'upper'", "/bin"])
    }

    @Test func directoryOverFileNamesBothTrees() throws {
        try scratch.write("x", to: "lower/bin/sh/file")
        try refuse(
            ["-R", "lower", "-R", "tree", "-o", "app.img"], status: 65,
            saying: ["'tree'", "'lower'", "/bin/sh"])
    }

    @Test func whatIsNotAKernel() throws {
        try scratch.write("not a kernel", to: "vmlinuz")
        try refuse(
            ["-R", "tree", "-k", "./vmlinuz", "-o", "app.img"], status: 65,
            saying: ["vmlinuz", "not a kernel"])
    }

    @Test func kernelWithoutSquashfs() throws {
        let kernel = try TestKernel.newest()
        let directory = scratch.path("kernel")
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: false)
        try FileManager.default.createSymbolicLink(
            atPath: "\(directory)/vmlinuz", withDestinationPath: kernel.image)
        try FileManager.default.createSymbolicLink(
            atPath: "\(directory)/modules", withDestinationPath: kernel.modules)
        let configuration = try String(contentsOfFile: kernel.configuration, encoding: .utf8)
        try scratch.write(
            configuration.replacing("CONFIG_SQUASHFS=m", with: "# CONFIG_SQUASHFS is not set"),
            to: "kernel/config")
        try refuse(
            ["-R", "tree", "-k", "./kernel/", "-o", "app.img"], status: 65,
            saying: ["CONFIG_SQUASHFS", "hint: "])
    }

    @Test func configurationErrorsNameLineAndColumn() throws {
        try scratch.write("{\n  \"hostname\": \"a\"\n  \"env\": {}\n}\n", to: "rumpconfig.json")
        let said = try refuse(
            ["-R", "tree", "-c", "rumpconfig.json", "-o", "app.img"], status: 65,
            saying: ["rumpconfig.json:3:3: error: "])
        // Once an error, and at the start of the line, where editors look for it.
        #expect(said.hasPrefix("rumpconfig.json:3:3: error: "))
    }

    @Test func unknownKeysNameTheNearest() throws {
        try scratch.write("{\"hostnam\": \"a\"}", to: "rumpconfig.json")
        try refuse(
            ["-R", "tree", "-c", "rumpconfig.json", "-o", "app.img"], status: 65,
            saying: ["rumpconfig.json:1:2: error: ", "'hostnam'", "'hostname'"])
    }

    @Test func missingConfiguration() throws {
        try refuse(
            ["-R", "tree", "-c", "absent.json", "-o", "app.img"], status: 66,
            saying: ["'absent.json'"])
    }

    @Test func programThatIsNotInTheTree() throws {
        try refuse(
            ["-R", "tree", "-o", "app.img", "--", "/bin/absent"], status: 65,
            saying: ["'/bin/absent' is not in the image"])
    }

    @Test func outputInAMissingDirectory() throws {
        try refuse(
            ["-R", "tree", "-o", "absent/app.img"], status: 73,
            saying: ["'absent/app.img'", "No such file or directory"])
    }

    @Test func outputThatIsADirectory() throws {
        try refuse(["-R", "tree", "-o", "tree"], status: 73, saying: ["'tree'", "directory"])
    }

    @Test func outputThatIsAnInput() throws {
        try scratch.write("{}", to: "rumpconfig.json")
        try refuse(
            ["-R", "tree", "-c", "rumpconfig.json", "-o", "./rumpconfig.json"], status: 73,
            saying: ["also an input"])
    }

    @Test func unreadableFileInsideATree() throws {
        // A file that cannot be read whoever asks, root too.
        try FileManager.default.createDirectory(
            atPath: scratch.path("bad"), withIntermediateDirectories: false)
        try FileManager.default.createSymbolicLink(
            atPath: scratch.path("kmem"), withDestinationPath: "/proc/self/mem")
        let bake = try StagedBake.part("bin/bake")
        let isRoot = geteuid() == 0
        try scratch.write("secret", to: "bad/secret")
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o000], ofItemAtPath: scratch.path("bad/secret"))
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o777], ofItemAtPath: scratch.path)
        let environment = ["BAKE_CACHE": try TestKernel.copy(toCacheIn: scratch)]
        let command = isRoot ? ["setpriv", "--reuid=65534", "--clear-groups", "--"] : []
        let result = try runProcess(
            command + [bake, "-R", "bad", "-o", "new.img"], environment: environment,
            in: scratch.path)
        #expect(result.status == 66, "\(result.stderrText)")
        #expect(result.stderrText.contains("'bad/secret'"))
        #expect(result.stderrText.contains("Permission denied"))
        #expect(!FileManager.default.fileExists(atPath: scratch.path("new.img")))
    }

    @Test func malformedSourceDateEpoch() throws {
        for text in ["abc", "-1", "1e3", "1 ", " 1", "18446744073709551616", "4294967296", ""] {
            try refuse(
                ["-R", "tree", "-o", "app.img"], status: 65, saying: ["SOURCE_DATE_EPOCH"],
                environment: ["SOURCE_DATE_EPOCH": text])
        }
    }

    @Test func runWithoutQEMU() throws {
        try refuse(
            ["run", "app.img"], status: 125, saying: ["app.img"], environment: ["PATH": "/nowhere"])
    }

    @Test func noKernelAnywhere() throws {
        let result = try StagedBake.run(
            ["-R", "tree", "-k", "9.9.9", "-o", "app.img"], in: scratch.path)
        #expect(result.status == 66)
        #expect(result.stderrText.contains("bake kernel fetch"), "\(result.stderrText)")
    }
}
