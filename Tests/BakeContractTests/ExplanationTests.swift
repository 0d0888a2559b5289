import BakeContract
import Testing

@Suite("Explanations and findings")
struct ExplanationTests {
    @Test("every setting has its place, and what it hides")
    func text() throws {
        var platform = PlatformFindings(commandLine: Bytes("quiet bake.env.A=4 bake.root=null"))
        platform.seeds = [
            SeedDiskSource(
                format: .noCloud, userData: Bytes("#bake-config\n{\"env\":{\"A\":\"3\"}}"))
        ]
        let sources = try EffectiveConfiguration.sources(
            baked: Bytes("{\"cmdline\":\"a\",\n\"env\":{\"A\":\"1\"},\"root\":\"ro\",}"),
            room: Bytes("{\"env\":{\"A\":\"2\"}}"), platform: platform)
        let effective = try EffectiveConfiguration(sources, .booting)
        let explanation = try ConfigurationExplanation(of: effective, from: sources)
        #expect(
            explanation.text.text == """
                cmdline = "a"
                  rumpconfig.json:1:12 (baked configuration)
                env.A = "4"
                  kernel command line:1:18
                  hides "3" of seed disk user-data:2:13
                  hides "2" of configuration room:1:13 (bake set)
                  hides "1" of rumpconfig.json:2:12 (baked configuration)
                root is taken away
                  kernel command line:1:30
                  hides "ro" of rumpconfig.json:2:24 (baked configuration)
                rumpconfig.json:2:28: note: rumprun's dialect: a comma too many is passed over

                """)
        let setting = explanation.json["settings"]?.array?[1]
        #expect(setting?["source"]?.string == Bytes("cmdline"))
        #expect(setting?["column"]?.integer == 18)
        #expect(setting?["hides"]?.array?.count == 3)
    }

    @Test(
        "findings of one configuration, all of them",
        arguments: [
            (
                "{\"hostnme\":\"a\",\n\"root\":\"x\",\n\"on_exit\":\"y\"}",
                [
                    "f:2:8: error: 'root' must be \"rw\" or \"ro\"",
                    "f:1:2: error: unknown key 'hostnme', did you mean 'hostname'?",
                    "f:3:11: error: 'on_exit' must be \"poweroff\" or \"reboot\"",
                ]
            ),
            (
                "{\"net\":[{\"method\":\"static\",\"addr\":\"10.0.0.0/24\"}]}",
                ["f:1:35: warning: 'net[0].addr': this is the network itself"]
            ),
            (
                "{\"net\":[{\"method\":\"static\",\"addr\":\"10.0.0.2/24\",\"gw\":\"10.0.0.2\"}]}",
                ["f:1:54: warning: 'net[0].gw': this is the machine's own address"]
            ),
            (
                "{\"net\":{\"method\":\"static\",\"addr\":\"10.0.0.2/31\",\"gw\":\"10.0.0.3\"}}", []
            ),
            (
                "{\"mounts\":[{\"fstype\":\"tmpfs\",\"mountpoint\":\"/a\"},"
                    + "{\"fstype\":\"tmpfs\",\"mountpoint\":\"/a\"}]}",
                [
                    "f:1:80: warning: 'mounts[1].mountpoint': something is mounted there already"
                ]
            ),
            (
                "{\"mounts\":{\"fstype\":\"tmpfs\",\"mountpoint\":\"/a\"},"
                    + "\"blk\":{\"source\":\"dev\",\"path\":\"/dev/vda\","
                    + "\"fstype\":\"ext4\",\"mountpoint\":\"/a\"}}",
                ["f:1:11: warning: 'mounts[0].mountpoint': something is mounted there already"]
            ),
        ] as [(String, [String])])
    func lint(text: String, expected: [String]) throws {
        let source = JSONFileSource(kind: .baked, file: Bytes("f"), text: Bytes(text))
        let lint = ConfigurationLint([try source.settings()], .making)
        #expect(lint.findings.map(\.description) == expected)
        #expect(lint.hasErrors == expected.contains { $0.contains(": error: ") })
    }
}
