import BakeContract
import TestSupport
import Testing

/// What the configuration says of programs that are to go on running.
@Suite("Services")
struct ServiceTests {
    @Test(
        "restart, as the plan has it",
        arguments: [
            ("\"never\"", ""), ("\"on-failure\"", " (again when it fails)"),
            ("{\"policy\":\"always\"}", " (again whenever it ends)"),
            ("{\"policy\":\"never\",\"limit\":3}", ""),
            (
                "{\"policy\":\"always\",\"limit\":3}",
                " (again whenever it ends, at most 3 times in a row)"
            ),
            (
                "{\"policy\":\"on-failure\",\"delay\":5}",
                " (again when it fails, after 5 to 60 s)"
            ),
            (
                "{\"policy\":\"on-failure\",\"delay\":90}",
                " (again when it fails, after 90 to 90 s)"
            ),
            (
                "{\"policy\":\"on-failure\",\"max_delay\":8}",
                " (again when it fails, after 1 to 8 s)"
            ),
        ])
    func restart(value: String, expected: String) throws {
        let plan = try plan("{\"rc\":[{\"bin\":\"a\",\"restart\":\(value)}]}")
        #expect(plan.hasSuffix("\nrun a;\(expected)\nsync, unmount and power off\n"))
    }

    @Test("limits of one program and a grace time")
    func limitsAndGrace() throws {
        let plan = try plan(
            """
            {"grace":30,"limits":{"core":0},
             "rc":[{"bin":"a","limits":{"nofile":{"soft":1,"hard":"unlimited"}}}]}
            """)
        #expect(
            plan.hasSuffix(
                """

                set the limit core to 0, at most 0
                run a; (limit nofile to 1, at most unlimited) (grace 30 s)
                sync, unmount and power off

                """))
    }

    @Test(
        "refusals",
        arguments: [
            ("{\"grace\":-1}", "1:10: error: 'grace' must be a number of seconds from 0 to 86400"),
            ("{\"grace\":0.5}", "1:10: error: 'grace' must be a number of seconds from 0 to 86400"),
            (rc("\"restart\":{}"), "1:29: error: 'rc[0].restart' has no 'policy'"),
            (
                rc("\"restart\":{\"policy\":\"on-failure:3\"}"),
                "1:39: error: 'rc[0].restart.policy' must be \"never\", \"on-failure\" or \"always\""
            ),
            (
                rc("\"restart\":{\"policy\":\"always\",\"limit\":0}"),
                "1:56: error: 'rc[0].restart.limit' must be a number from 1 to 1000000"
            ),
            (
                rc("\"restart\":{\"policy\":\"always\",\"delay\":0}"),
                "1:56: error: 'rc[0].restart.delay' must be a number of seconds from 1 to 86400"
            ),
            (
                rc("\"restart\":{\"policy\":\"always\",\"delay\":9,\"max_delay\":8}"),
                "1:70: error: 'rc[0].restart.max_delay' must be at least as long as 'delay'"
            ),
            (
                rc("\"restart\":{\"policy\":\"always\",\"retries\":1}"),
                "1:48: error: unknown key 'rc[0].restart.retries'"
            ),
            (
                rc("\"limits\":{\"nofiles\":1}"),
                "1:29: error: unknown key 'rc[0].limits.nofiles', did you mean 'nofile'?"
            ),
        ])
    func refusal(text: String, expected: String) {
        let error = #expect(throws: ConfigurationError.self) {
            try EffectiveConfiguration.making(Bytes(text), file: Bytes("f"))
        }
        #expect(error?.description == "f:" + expected)
    }

    private static func rc(_ members: String) -> String {
        "{\"rc\":[{\"bin\":\"a\",\(members)}]}"
    }

    private func plan(_ text: String) throws -> String {
        let effective = try EffectiveConfiguration.making(Bytes(text), file: [])
        return try BootPlan.make(.squashfs, .file, effective.configuration, published: []).text.text
    }
}

@Suite("Looking at a boot")
struct BootDiagnosticsTests {
    @Test(
        "what the command line asks for",
        arguments: [
            ("bake.debug", BootStage.programs, nil), ("bake.debug=network", .network, nil),
            ("bake.debug=finish bake.timing", .finish, .table),
            ("bake.timing=json quiet", nil, .json), ("-- bake.debug", nil, nil),
        ] as [(String, BootStage?, TimingFormat?)])
    func flags(text: String, stage: BootStage?, timing: TimingFormat?) throws {
        let line = try KernelCommandLine.parse(Bytes(text))
        #expect(line.debugStage == stage)
        #expect(line.timing == timing)
    }

    @Test(
        "what it cannot ask for",
        arguments: [
            (
                "bake.debug=verity",
                "1:12: error: 'bake.debug' must be one of hostname, sysctl, loopback, disk, mount, "
                    + "file, configuration, network, seal, limits, programs, finish: before "
                    + "those there is no shell"
            ),
            ("ro bake.timing=xml", "1:16: error: 'bake.timing' can only be 'json' or stand alone"),
        ])
    func refusal(text: String, expected: String) {
        let error = #expect(throws: ConfigurationError.self) {
            try KernelCommandLine.parse(Bytes(text))
        }
        #expect(error?.description == "kernel command line:" + expected)
    }

    @Test(
        "where the shell comes",
        arguments: [
            ("{\"cmdline\":\"a\"}", BootStage.programs, "run a;"),
            ("{\"cmdline\":\"a\"}", .finish, "sync, unmount and power off"),
            ("{\"cmdline\":\"a\"}", .hostname, "bring up the loopback interface"),
            ("{\"cmdline\":\"a\",\"root\":\"ro\"}", .network, "make the root read-only"),
            ("{\"init\":\"a\"}", .programs, "hand over to a;"),
            ("{\"init\":\"a\"}", .finish, "hand over to a;"),
        ])
    func place(text: String, stage: BootStage, next: String) throws {
        let effective = try EffectiveConfiguration.making(Bytes(text), file: [])
        var plan = try BootPlan.make(.squashfs, .file, effective.configuration, published: [])
        let before = plan.text.text
        plan.add(debugStage: stage, timing: nil)
        #expect(plan.text.text.contains("\nstart a shell on the console\n\(next)\n"))
        plan.steps.removeAll { $0 == .debugShell }
        #expect(plan.text.text == before)
    }

    @Test("the times are told before the programs, and before a shell there")
    func timing() throws {
        let effective = try EffectiveConfiguration.making(Bytes("{\"cmdline\":\"a\"}"), file: [])
        var plan = try BootPlan.make(.squashfs, .file, effective.configuration, published: [])
        plan.add(debugStage: .programs, timing: .table)
        #expect(
            plan.text.text.hasSuffix(
                """

                tell on the console what each step took
                start a shell on the console
                run a;
                sync, unmount and power off

                """))
    }

    @Test("a plan's stages stand in the order of the list")
    func order() throws {
        let text = """
            {"cmdline":"a","hostname":"h","sysctl":{"a.b":1},"limits":{"core":0},"root":"ro",
             "mounts":[{"fstype":"tmpfs","mountpoint":"/m"}],"files":{"/f":"x"},
             "net":{"method":"dhcp"}}
            """
        let effective = try EffectiveConfiguration.making(Bytes(text), file: [])
        let plan = try BootPlan.make(.squashfs, .file, effective.configuration, published: [])
        let ranks = (BootPlan.opening + plan.steps).compactMap { $0.stage?.rawValue }
        #expect(ranks == ranks.sorted())
        #expect(ranks.count == BootPlan.opening.count + plan.steps.count)
    }
}
