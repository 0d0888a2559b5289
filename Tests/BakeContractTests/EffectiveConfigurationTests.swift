import BakeContract
import Testing

@Suite("Effective configurations")
struct EffectiveConfigurationTests {
    @Test(
        "the last source wins key by key",
        arguments: [
            (
                "{\"cmdline\":\"a\",\"hostname\":\"one\"}", "{\"hostname\":\"two\"}", "",
                "{\"cmdline\":\"a\",\"hostname\":\"two\"}"
            ),
            (
                "{\"cmdline\":\"a\",\"hostname\":\"one\"}", "{\"hostname\":\"two\"}",
                "bake.hostname=three", "{\"cmdline\":\"a\",\"hostname\":\"three\"}"
            ),
            (
                "{\"cmdline\":\"a\",\"hostname\":\"one\"}", "{}", "bake.hostname=null",
                "{\"cmdline\":\"a\"}"
            ),
            // Variables merge by name, in whatever form they were given.
            (
                "{\"cmdline\":\"a\",\"env\":[\"A=1\",\"B=2\"]}", "{\"env\":\"B=3\"}",
                "bake.env.C=4",
                "{\"cmdline\":\"a\",\"env\":{\"A\":\"1\",\"B\":\"3\",\"C\":\"4\"}}"
            ),
            (
                "{\"cmdline\":\"a\",\"env\":{\"A\":1,\"B\":null}}", "{\"env\":{\"A\":null}}", "",
                "{\"cmdline\":\"a\",\"env\":{}}"
            ),
            // Lists replace.
            (
                "{\"cmdline\":\"a\",\"net\":[{\"method\":\"dhcp\",\"if\":\"e\"}]}", "{}",
                "{\"net\":[{\"method\":\"dhcp\"}]}",
                "{\"cmdline\":\"a\",\"net\":[{\"method\":\"dhcp\"}]}"
            ),
            // Who says what to run replaces all that was to run before.
            (
                "{\"rc\":[{\"bin\":\"a\"}],\"arguments\":[\"x\"]}", "{}", "bake.cmdline=b",
                "{\"cmdline\":\"b\"}"
            ),
            (
                "{\"rc\":[{\"bin\":\"a\"}]}", "{\"init\":\"/i\"}",
                "{\"rc\":[{\"bin\":\"c\"}]} -- y",
                "{\"arguments\":[\"y\"],\"rc\":[{\"bin\":\"c\"}]}"
            ),
            (
                "{\"cmdline\":\"a\"}", "{\"arguments\":[\"x\"]}", "-- y z",
                "{\"arguments\":[\"y\",\"z\"],\"cmdline\":\"a\"}"
            ),
            // Nothing baked counts any more, but what no override may say.
            (
                "{\"cmdline\":\"a\",\"verify\":\"off\",\"hostname\":\"h\"}", "{\"root\":\"ro\"}",
                "bake.cmdline=b bake.config=replace", "{\"cmdline\":\"b\",\"verify\":\"off\"}"
            ),
        ])
    func merge(baked: String, room: String, line: String, expected: String) throws {
        let effective = try booting(baked, room, line)
        #expect(effective.value.compactText.text == expected)
        #expect(effective.warnings.isEmpty)
    }

    @Test(
        "arguments go to the last program in the foreground, whose name stays",
        arguments: [
            ("{\"cmdline\":\"a b\"}", "a x y;"),
            (
                "{\"rc\":[{\"bin\":\"a\"},{\"bin\":\"b\",\"argv\":[\"1\"]},{\"bin\":\"c\",\"runmode\":\"&\"}]}",
                "a; b x y; c &"
            ),
            (
                "{\"rc\":[{\"bin\":\"a\",\"runmode\":\"&\"},{\"bin\":\"b\",\"runmode\":\"&\"}]}",
                "a & b x y &"
            ),
            ("{\"init\":\"/i old\"}", "/i x y;"),
        ])
    func arguments(baked: String, expected: String) throws {
        let effective = try booting(baked, nil, "-- x y")
        let plan = try BootPlan.make(.squashfs, .file, effective.configuration, published: [])
        let line = plan.text.text.split(separator: "\n").first {
            $0.hasPrefix("run ") || $0.hasPrefix("hand over to ")
        }
        #expect(line?.hasSuffix(expected) == true)
    }

    @Test(
        "errors name the source that brought the value",
        arguments: [
            (
                "{\"cmdline\":\"a\"}", "{\n\"hostname\":7}", "",
                "configuration room:2:12: error: 'hostname' must be a string"
            ),
            (
                "{\"cmdline\":\"a\"}", "{}", "quiet bake.root=x",
                "kernel command line:1:17: error: 'root' must be \"rw\" or \"ro\""
            ),
            (
                "{\"cmdline\":\"a\"}", "{}", "ro {\"env\":{\"A\":[]}}",
                "kernel command line:1:16: error: 'env.A' must be a string, a number, true or false"
            ),
            // The command line speaks of env too, but the wrong value is the baked one.
            (
                "{\"env\":{\"A\":[]}}", "{}", "bake.env.B=1",
                "rumpconfig.json:1:13: error: 'env.A' must be a string, a number, true or false"
            ),
            (
                "{\"cmdline\":\"a\"}", "{}", "bake.verify=off",
                "kernel command line:1:13: error: 'verify' can only be set when the image is made or "
                    + "by 'bake set'"
            ),
            (
                "{\"cmdline\":\"a\"}", "{}", "{\"sources\":null}",
                "kernel command line:1:2: error: 'sources' can only be set when the image is made or "
                    + "by 'bake set'"
            ),
            (
                "{\"cmdline\":\"a\",\"sources\":[]}", "{}", "bake.hostname=x",
                "kernel command line:1:15: error: this image takes no overrides from here ('sources')"
            ),
            (
                "{\"cmdline\":\"a\",\"sources\":[]}", "{}", "bake.config=replace",
                "kernel command line: error: this image takes no overrides from here ('sources')"
            ),
            (
                "{}", "{}", "-- x",
                "kernel command line:1:3: error: there is no program that the arguments could be for"
            ),
            (
                "{\"cmdline\":\"a\"}", "{}", "{\"blk\":[{\"source\":\"dev\",\"path\":\"\"}]}",
                "kernel command line:1:32: error: 'blk[0].path' must be a device such as /dev/vda1, "
                    + "or LABEL=, UUID= or PARTUUID= with a value"
            ),
        ])
    func refusal(baked: String, room: String, line: String, expected: String) {
        do {
            _ = try booting(baked, room, line)
            Issue.record("accepted")
        } catch let error as ConfigurationError {
            #expect(error.description == expected)
        } catch {
            Issue.record(error)
        }
    }

    @Test("a source that is shut out may still ask for words")
    func shutOut() throws {
        let effective = try booting("{\"cmdline\":\"a\",\"sources\":[]}", nil, "quiet bake.verbose")
        let selection = effective.configuration.sources
        #expect(!OverrideSource.allCases.contains { selection.listens(to: $0) })
    }

    @Test("unknown keys are warnings at boot, each with its place")
    func warnings() throws {
        let effective = try booting(
            "{\"cmdline\":\"a\",\n\"hostnme\":1}", nil, "bake.nonsense=1 {\"nett\":1}")
        #expect(
            effective.warnings.map(\.warning) == [
                "rumpconfig.json:2:1: warning: unknown key 'hostnme', did you mean 'hostname'?",
                "kernel command line:1:15: warning: unknown key 'nonsense'",
                "kernel command line:1:18: warning: unknown key 'nett', did you mean 'net'?",
            ])
    }

    @Test(
        "statuses",
        arguments: [
            ("{", "", GuestStatus.configuration), ("{}", "{", .commandLine),
            ("{\"blk\":{\"source\":\"dev\",\"path\":\"\"}}", "", .configuration),
        ])
    func statuses(baked: String, line: String, expected: GuestStatus) {
        do {
            _ = try booting(baked, nil, line)
            Issue.record("accepted")
        } catch {
            #expect((error as? ConfigurationError)?.status == expected)
        }
    }

    @Test("every key says who decided it, and what that hid")
    func origins() throws {
        let sources = [
            try JSONFileSource.baked(
                Bytes("{\"rc\":[{\"bin\":\"a\"}],\"env\":[\"A=1\",\"B=2\"],\"root\":\"ro\"}")
            ).settings(),
            try RoomSource(text: Bytes("{\"env\":{\"A\":\"3\"},\"hostname\":\"h\"}")).settings(),
            try CommandLineSource(
                text: Bytes("bake.env.A=3 bake.env.B=null bake.cmdline=b -- x")
            ).settings(),
        ]
        let origins = try EffectiveConfiguration.origins(of: sources)
        let lines = origins.map { origin in
            let hidden = origin.hidden.map { "\($0.value.compactText.text) of \($0.source)" }
            return "\(origin.path) \(origin.value?.compactText.text ?? "gone") by \(origin.source)"
                + (hidden.isEmpty ? "" : ", hides " + hidden.joined(separator: ", "))
        }
        #expect(
            lines == [
                "arguments [\"x\"] by commandLine",
                "cmdline \"b\" by commandLine",
                "env.A \"3\" by commandLine, hides \"1\" of baked, \"3\" of room",
                "env.B gone by commandLine, hides \"2\" of baked",
                "hostname \"h\" by room",
                "rc gone by commandLine, hides [{\"bin\":\"a\"}] of baked",
                "root \"ro\" by baked",
            ])
    }

    private func booting(
        _ baked: String, _ room: String?, _ line: String
    ) throws -> EffectiveConfiguration {
        try EffectiveConfiguration.booting(
            baked: Bytes(baked), room: room.map { Bytes($0) }, commandLine: Bytes(line))
    }
}
