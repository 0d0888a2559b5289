import Testing
import Tools

@testable import Packages

/// What apt prints, by tables.
@Suite struct AptOutputTests {
    static let simulations: [(text: String, packages: [String])] = [
        ("", []),
        ("Reading package lists...\nConf a (1 Debian:12/stable [amd64])\n", []),
        (
            "Inst b (1:2-3 Debian:12.15/oldstable [amd64])\nInst a (1 x [all])",
            ["a 1 all", "b 1:2-3 amd64"]
        ),
        ("Inst libc6 (2.36 Debian:12/stable [amd64]) []", ["libc6 2.36 amd64"]),
        ("Inst libc6:i386 (2.36 A:1/b, C:2/d [i386]) [x:amd64 ]", ["libc6 2.36 i386"]),
        ("Inst a (1 s [all])\nInst a (1 s [all])", ["a 1 all"]),
        ("Inst a", []),
    ]

    @Test(arguments: simulations) func simulation(_ row: (text: String, packages: [String])) {
        #expect(installedPackages(simulation: row.text).map(\.text) == row.packages)
    }

    @Test func records() throws {
        let text = """
            Package: b
            Version: 1:2
            Installed-Size: 3
            Architecture: all
            Depends: x,
             y
            Filename: pool/b.deb
            Size: 10
            SHA256: ab

            Package: without-a-file
            Version: 1

            """
        let records = packageRecords(text)
        let package = DebianPackage(name: "b", version: "1:2", architecture: "all")
        #expect(Array(records.keys) == [package])
        let record = try #require(records[package])
        #expect(record.byteCount == 10 && record.installedByteCount == 3072)
        #expect(
            record.repositoryStanza.contains("\nDepends: x,\n y\nFilename: ./b_1%3a2_all.deb\n"))
    }

    static let failures: [(messages: String, error: PackageError)] = [
        (
            "E: The repository 'http://h/debian nosuch Release' does not have a Release file.",
            .unknownSuite(
                "s",
                detail: "The repository 'http://h/debian nosuch Release' does not have a"
                    + " Release file.")
        ),
        (
            "W: Failed to fetch http://h/InRelease  Could not resolve 'h'\nW: Some index files",
            .noNetwork(detail: "Failed to fetch http://h/InRelease  Could not resolve 'h'")
        ),
        (
            "W: GPG error: http://h s InRelease: signatures: NO_PUBKEY 0E98404D386FA1D9\n"
                + "E: The repository 'http://h s InRelease' is not signed.",
            .notSigned(
                detail: "GPG error: http://h s InRelease: signatures: NO_PUBKEY 0E98404D386FA1D9")
        ),
        ("E: Other", .toolFailed(tool: "apt-get", status: 100, lines: ["E: Other"])),
    ]

    @Test(arguments: failures) func failure(_ row: (messages: String, error: PackageError)) {
        let result = ToolResult(status: 100, output: "", messages: row.messages)
        #expect(result.aptFailure(suite: "s") == row.error)
    }

    static let fileNames: [(version: String, name: String)] = [
        ("1", "p_1_all.deb"), ("1:2~3+b1", "p_1%3a2~3+b1_all.deb"), ("1%_", "p_1%25%5f_all.deb"),
    ]

    @Test(arguments: fileNames) func fileName(_ row: (version: String, name: String)) {
        let package = DebianPackage(name: "p", version: row.version, architecture: "all")
        #expect(package.fileName == row.name)
    }

    static let suites: [(targets: [String], suite: String, lines: [String])] = [
        ([], "trixie", []),
        (
            ["http://h/debian/ bookworm main", "http://h/debian/ bookworm main"], "trixie",
            ["deb http://h/debian/ trixie main"]
        ),
        (
            [
                "http://h/d/ bookworm main", "http://h/d/ bookworm-updates main",
                "http://h/s/ bookworm-security main", "http://other/ stable x",
                "http://flat/ ./ main",
            ], "trixie",
            [
                "deb http://h/d/ trixie main", "deb http://h/d/ trixie-updates main",
                "deb http://h/s/ trixie-security main",
            ]
        ),
        (
            ["http://h/d/ bookworm main", "http://h/s/ bookworm-security main"], "sid",
            ["deb http://h/d/ sid main"]
        ),
    ]

    @Test(arguments: suites)
    func anotherSuite(_ row: (targets: [String], suite: String, lines: [String])) {
        let targets = row.targets.compactMap { SourceTarget($0) }
        #expect(
            PackageSources.lines(of: targets, suite: row.suite, insteadOf: "bookworm") == row.lines)
    }

    static let paths: [(path: String, encoded: String)] = [
        ("/a-b/c_d.e", "/a-b/c_d.e"), ("/a b/ü[%", "/a%20b/%c3%bc%5b%25"),
    ]

    @Test(arguments: paths) func encoding(_ row: (path: String, encoded: String)) {
        #expect(percentEncoded(row.path) == row.encoded)
    }
}
