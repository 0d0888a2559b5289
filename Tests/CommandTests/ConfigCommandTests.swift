import Foundation
import TestSupport
import Testing

/// The config commands as they are typed.
@Suite struct ConfigCommandTests {
    private static let old = """
        {,
        \t"env": "A=1",
        \t"env": "B=2",
        \t"net" : {, "if": "vioif0", "cloner": "true", "type": "inet", "method": "dhcp", },
        \t"cmdline": "/bin/app --port 80",
        },

        """

    @Test func lintTellsEverythingAtOnce() throws {
        let scratch = try TemporaryDirectory()
        try scratch.write("{\"hostnme\":1,\n\"root\":\"x\"}", to: "a.json")
        try scratch.write(Self.old, to: "json.cfg")
        let bad = try StagedBake.run(["config", "lint", "a.json"], in: scratch.path)
        #expect(bad.status == 65)
        #expect(
            bad.stdoutText == """
                a.json:2:8: error: 'root' must be "rw" or "ro"
                a.json:1:2: error: unknown key 'hostnme', did you mean 'hostname'?

                """)
        let good = try StagedBake.run(["config", "lint", "json.cfg"], in: scratch.path)
        #expect(good.status == 0)
        #expect(good.stdoutText.hasSuffix("json.cfg: ok\n"), "\(good.stdoutText)")
        #expect(good.stdoutText.contains("json.cfg:3:2: note: "), "\(good.stdoutText)")

        let json = try StagedBake.run(["config", "lint", "--json", "a.json"], in: scratch.path)
        let list = try #require(
            try JSONSerialization.jsonObject(with: Data(json.stdout)) as? [[String: Any]])
        #expect(list.first?["isAccepted"] as? Bool == false)
        #expect((list.first?["findings"] as? [Any])?.count == 2)
    }

    @Test func bakingTellsWhatIsOddInTheDialect() throws {
        let scratch = try TemporaryDirectory()
        try scratch.make([.directory("t")])
        try scratch.write("{,\n\"hostname\":\"h\"}", to: "json.cfg")
        let baked = try StagedBake.run(
            ["build", "-n", "-v", "-R", "t", "-c", "json.cfg", "-o", "x.img"], in: scratch.path)
        #expect(baked.status == 0, "\(baked.stderrText)")
        let note = "  json.cfg:1:2: rumprun's dialect: a comma too many is passed over\n"
        #expect(baked.stderrText.contains(note), "\(baked.stderrText)")
    }

    @Test func lintKnowsTheTree() throws {
        let scratch = try TemporaryDirectory()
        try scratch.make([
            .directory("t"), .directory("t/bin"), .file("t/f", "x"), .file("t/bin/plain", "x"),
        ])
        try scratch.write(
            """
            {"rc":[{"bin":"/bin/nothing"},{"bin":"/bin/plain","workdir":"/f"}]}
            """, to: "a.json")
        try scratch.write(
            "{\"cmdline\":\"a\",\"mounts\":[{\"fstype\":\"tmpfs\",\"mountpoint\":\"/f\"}]}",
            to: "b.json")
        let result = try StagedBake.run(
            ["config", "lint", "-R", "t", "a.json", "b.json"], in: scratch.path)
        #expect(result.status == 65, "\(result.stderrText)")
        #expect(
            result.stdoutText == """
                a.json:1:15: error: 'rc[0].bin': '/bin/nothing' is not in the tree
                a.json:1:38: error: 'rc[1].bin': '/bin/plain' is not executable
                a.json:1:61: error: 'rc[1].workdir': '/f' is a file, not a directory
                b.json:1:57: error: 'mounts[0].mountpoint': '/f' is a file, not a directory

                """)
    }

    @Test func explainNamesThePlaceOfEverySetting() throws {
        let scratch = try TemporaryDirectory()
        try scratch.write(Self.old, to: "json.cfg")
        try scratch.write("{\"hostname\":\"fw\",\"env\":{\"A\":\"2\"}}", to: "fw.json")
        try scratch.make([.directory("seed"), .file("seed/meta-data", "local-hostname: vm\n")])
        let result = try StagedBake.run(
            [
                "config", "explain", "json.cfg", "--fw-cfg", "fw.json", "--seed", "seed",
                "--smbios", "io.bake.config={\"root\":\"ro\"}", "--metadata", "ec2:fw.json",
                "--cmdline", "bake.env.A=3 -- -v", "--plan",
            ], in: scratch.path)
        #expect(result.status == 0, "\(result.stderrText)")
        for line in [
            "env.A = \"3\"\n  kernel command line:1:12\n  hides \"2\" of fw_cfg",
            "hides \"1\" of json.cfg:2:9 (baked configuration)\n",
            "hides \"vm\" of seed disk meta-data:1:17\n", "SMBIOS type 11 strings:1:24\n",
            "what is given for 'ec2' does not count", "\nrun A=3 B=2 /bin/app -v;\n",
        ] {
            #expect(result.stdoutText.contains(line), "\(line)\n\(result.stdoutText)")
        }
    }

    @Test func aBrokenOverrideIsToldWithItsSource() throws {
        let scratch = try TemporaryDirectory()
        try scratch.write("{\"cmdline\":\"a\"}", to: "a.json")
        try scratch.write("{\"hostname\"\n:}", to: "x")
        let result = try StagedBake.run(
            ["config", "explain", "a.json", "--xenstore", "x"], in: scratch.path)
        #expect(result.status == 65)
        #expect(result.stderrText == "Xenstore rumprun/cfg:2:2: error: expected a value\n")
    }

    @Test func convertGoesBothWays() throws {
        let scratch = try TemporaryDirectory()
        try scratch.write(Self.old, to: "json.cfg")
        let strict = try StagedBake.run(["config", "convert", "json.cfg"], in: scratch.path)
        #expect(strict.status == 0, "\(strict.stderrText)")
        try scratch.write(strict.stdoutText, to: "strict.json")
        let value = try #require(
            try JSONSerialization.jsonObject(with: Data(strict.stdout)) as? [String: Any])
        #expect(value["env"] as? [String: String] == ["A": "1", "B": "2"])

        let again = try StagedBake.run(
            ["config", "convert", "--to", "rumprun", "strict.json"], in: scratch.path)
        try scratch.write(again.stdoutText, to: "again.cfg")
        let back = try StagedBake.run(["config", "convert", "again.cfg"], in: scratch.path)
        #expect(back.stdoutText == strict.stdoutText)

        try scratch.write("{\"cmdline\":\"a\",\n\"root\":\"ro\"}", to: "new.json")
        let lost = try StagedBake.run(
            ["config", "convert", "--to", "rumprun", "new.json"], in: scratch.path)
        #expect(lost.status == 65)
        #expect(
            lost.stderrText == """
                new.json:2:1: error: 'root': a rumprun kernel cannot say this
                  hint: --lossy leaves these out

                """)
        let lossy = try StagedBake.run(
            ["config", "convert", "--to", "rumprun", "--lossy", "new.json"], in: scratch.path)
        #expect(lossy.stdoutText == "{\n  \"cmdline\": \"a\",\n}\n")
        #expect(lossy.status == 0)
    }
}
