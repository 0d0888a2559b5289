import BakeContract
import Testing

@Suite("Sources of overrides")
struct SourceTests {
    @Test(
        "SMBIOS: our strings of type 11, in their order",
        arguments: [
            // The bytes of one structure, as /sys/firmware/dmi/entries/11-0/raw has them.
            ("\u{b}\u{5}\u{0}\u{1}\u{1}io.bake.config={\"a\":1}\0\0", "{\"a\":1}"),
            (
                "\u{b}\u{5}\u{0}\u{1}\u{3}io.bake.config={\"a\":1}\0other\0io.bake.config={\"b\":2}\0\0",
                "{\"a\":1} {\"b\":2}"
            ),
            // A longer formatted part, no second NUL, none of ours, none at all.
            ("\u{b}\u{7}\u{0}\u{1}\u{1}..io.bake.config={}\0", "{}"),
            ("\u{b}\u{5}\u{0}\u{1}\u{1}io.bake.configuration={}\0\0", ""),
            ("\u{b}\u{5}\u{0}\u{1}\u{0}\0\0", ""),
            // Its own number of strings is not believed.
            ("\u{b}\u{5}\u{0}\u{1}\u{9}io.bake.config={}\0\0", "{}"),
        ])
    func smbios(structure: String, expected: String) throws {
        let settings = try SMBIOSSource(structures: [Bytes(structure)]).settings()
        let patches = settings.overrides.map { $0.patch.compactText.text }
        #expect(patches.joined(separator: " ") == expected)
    }

    @Test(
        "SMBIOS: what is no structure",
        arguments: [
            ("", "this is no SMBIOS structure of type 11"),
            ("\u{1}\u{5}\u{0}\u{1}\u{0}\0\0", "this is no SMBIOS structure of type 11"),
            ("\u{b}\u{4}\u{0}\u{1}\u{0}\0\0", "the structure is shorter than it says"),
            ("\u{b}\u{40}\u{0}\u{1}\u{0}\0\0", "the structure is shorter than it says"),
            ("\u{b}\u{5}\u{0}\u{1}\u{1}io.bake.config={}", "the last string has no end"),
        ])
    func smbiosRefusal(structure: String, expected: String) {
        do {
            _ = try SMBIOSSource(structures: [Bytes(structure)]).settings()
            Issue.record("accepted")
        } catch {
            #expect(error.description == "SMBIOS type 11 strings: error: \(expected)")
        }
    }

    @Test("SMBIOS: a structure of strings reads back")
    func smbiosStructure() throws {
        let structure = try #require(
            SMBIOSSource.structure(of: [Bytes("x"), Bytes("io.bake.config=replace")]))
        let settings = try SMBIOSSource(structures: [structure]).settings()
        #expect(settings.isReplacing)
        #expect(settings.overrides.isEmpty)
        #expect(SMBIOSSource.structure(of: [[]]) == nil)
    }

    @Test(
        "seed disks: what is ours",
        arguments: [
            (nil, "#bake-config\n{\"root\":\"ro\"}", "{\"root\":\"ro\"}", ""),
            (nil, "#bake-config \r\n\n{\"root\":\"ro\"}", "{\"root\":\"ro\"}", ""),
            (nil, "\n {\"root\":\"ro\"}\n", "{\"root\":\"ro\"}", ""),
            (nil, " \n", "", ""),
            (nil, "#cloud-config\na: b\n", "", "a configuration for cloud-init"),
            (nil, "#!/bin/sh\n", "", "a script"), (nil, "\u{1f}\u{8b}", "", "compressed"),
            (nil, "Content-Type: multipart/mixed", "", "something else"),
            (nil, "#bake-configuration\n{}", "", "something else"),
            ("local-hostname: vm-1\n", nil, "{\"hostname\":\"vm-1\"}", ""),
            ("a: b\nlocal-hostname:  'vm-1' # c\n", nil, "{\"hostname\":\"vm-1\"}", ""),
            ("{\"local-hostname\": \"vm-1\"}", nil, "{\"hostname\":\"vm-1\"}", ""),
            (" local-hostname: vm-1\nlocal-hostnames: x", nil, "", ""),
            ("local-hostname: -\n", nil, "", "not a host name"), ("local-hostname:", nil, "", ""),
            (
                "local-hostname: a", "{\"hostname\":\"b\"}",
                "{\"hostname\":\"a\"} {\"hostname\":\"b\"}", ""
            ),
        ] as [(String?, String?, String, String)])
    func seed(metaData: String?, userData: String?, expected: String, note: String) throws {
        let source = SeedDiskSource(
            format: .noCloud, metaData: metaData.map { Bytes($0) },
            userData: userData.map { Bytes($0) })
        let settings = try source.settings()
        let patches = settings.overrides.map { $0.patch.compactText.text }
        #expect(patches.joined(separator: " ") == expected)
        let notes = settings.notes.map(\.problem.description)
        #expect(notes == (note.isEmpty ? [] : ["left alone: \(note)"]))
    }

    @Test("ConfigDrive has a host name of its own, and a file of ours comes last")
    func configDrive() throws {
        let source = SeedDiskSource(
            format: .configDrive, metaData: Bytes("{\"uuid\":\"1\",\"hostname\":\"vm.novalocal\"}"),
            userData: Bytes("#!/bin/sh"), configuration: Bytes("{\"hostname\":\"ours\",}"))
        let settings = try source.settings()
        #expect(
            settings.overrides.map { $0.patch.compactText.text } == [
                "{\"hostname\":\"vm.novalocal\"}", "{\"hostname\":\"ours\"}",
            ])
        #expect(
            settings.notes.map(\.place.description) == [
                "seed disk openstack/latest/user_data:1:1", "seed disk rumpconfig.json:1:19",
            ])
    }

    @Test("Xenstore: a question as bytes, and what comes back")
    func xenstore() throws {
        let question = XenstoreMessage.read("rumprun/cfg", number: 7)
        let expected: Bytes = [2, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 12, 0, 0, 0]
        #expect(question.bytes == expected + Bytes("rumprun/cfg\0"))

        let answer: Bytes = [2, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0] + Bytes("{}next")
        for count in 0..<18 {
            #expect(try XenstoreMessage.parse(Bytes(answer.prefix(count))) == nil)
        }
        let message = try #require(try XenstoreMessage.parse(answer))
        #expect(try message.value(asked: 7) == Bytes("{}"))
        #expect(throws: XenstoreProblem.otherRequest(7)) { try message.value(asked: 8) }
    }

    @Test(
        "Xenstore: answers that are none",
        arguments: [
            ([16, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0] + Bytes("ENOENT\0"), nil),
            (
                [16, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0] + Bytes("EACCES\0"),
                .refused(Bytes("EACCES"))
            ),
            ([9, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], .unexpectedKind(9)),
            (
                [2, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff],
                .tooLong(byteCount: .max)
            ),
            ([2, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 1, 16, 0, 0], .tooLong(byteCount: 4097)),
        ] as [(Bytes, XenstoreProblem?)])
    func xenstoreRefusals(bytes: Bytes, expected: XenstoreProblem?) {
        do throws(XenstoreProblem) {
            let message = try XenstoreMessage.parse(bytes)
            #expect(try message?.value(asked: 7) == nil)
            #expect(expected == nil)
        } catch {
            #expect(error == expected)
        }
    }

    @Test("the strings of a machine's table, whatever else firmware has in it")
    func smbiosTable() throws {
        let first = try #require(SMBIOSSource.structure(of: [Bytes("a"), Bytes("b")]))
        let second = try #require(SMBIOSSource.structure(of: [Bytes("c")]))
        let bios: Bytes = [0, 6, 0, 0, 1, 0] + Bytes("SeaBIOS") + [0, 0]
        let empty: Bytes = [32, 5, 0, 0, 9, 0, 0]
        let end: Bytes = [127, 4, 0, 0, 0, 0]
        let cases: [(Bytes, [Bytes])] = [
            ([], []), (bios + first + empty + second + end, [first, second]),
            // A table behind a 32-bit entry point may go on behind its end.
            (end + first, [first]),
            (bios + first.dropLast(), []), (first + [11, 3, 0, 0, 0, 0] + second, [first]),
            (first + [11, 200, 0, 0], [first]), ([11], []), (first + [11, 4], [first]),
        ]
        for (table, expected) in cases {
            #expect(SMBIOSTable(bytes: table).oemStrings == expected, "\(table)")
        }
    }

    @Test("how clouds are asked is the image's to say")
    func requests() throws {
        func selection(_ sources: String) throws -> SourceSelection {
            try EffectiveConfiguration.selection(
                baked: Bytes("{\"cmdline\":\"a\",\"sources\":\(sources)}"), room: nil)
        }
        let both = try selection(
            #"["ec2",{"name":"gcp","timeout":30,"required":false},{"name":"seed"}]"#)
        #expect(both.request(to: .ec2) == SourceRequest())
        #expect(both.request(to: .gcp)?.timeoutSeconds == 30)
        #expect(both.request(to: .gcp)?.isRequired == false)
        #expect(both.request(to: .seed) == nil)
        #expect(both.listens(to: .seed) && !both.listens(to: .smbios))
        #expect(SourceSelection().request(to: .ec2) == nil)
        for (sources, message) in [
            (#"["ec3"]"#, #"'sources[0]' must be one of "seed""#),
            (#"[{"timeout":3}]"#, "'sources[0]' has no 'name'"),
            (#"[{"name":"ec2","timeout":0}]"#, "must be a number of seconds from 1 to 300"),
            (#"[{"name":"ec2","required":1}]"#, "must be true or false"),
            (#"[{"name":"seed","timeout":3}]"#, "'sources[0].timeout' has no meaning beside"),
        ] {
            let error = #expect(throws: ConfigurationError.self) { try selection(sources) }
            #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
        }
        let strange = try EffectiveConfiguration.booting(
            baked: Bytes(#"{"cmdline":"a","sources":[{"name":"ec2","tmeout":1}]}"#), room: nil,
            commandLine: [])
        #expect(strange.warnings.count == 1)
    }

    @Test("ConfigDrive counts below NoCloud, in whatever order they are found")
    func twoSeeds() throws {
        var platform = PlatformFindings(commandLine: [])
        platform.seeds = [
            SeedDiskSource(format: .noCloud, userData: Bytes(#"{"env":{"A":"cidata"}}"#)),
            SeedDiskSource(
                format: .configDrive,
                userData: Bytes(#"{"env":{"A":"config-2"},"hostname":"c"}"#)),
        ]
        let effective = try EffectiveConfiguration.booting(
            baked: Bytes(#"{"cmdline":"a"}"#), room: nil, platform: platform)
        #expect(
            effective.configuration.environment.map { $0.value } == [Bytes("cidata")])
        #expect(effective.configuration.hostname == Bytes("c"))
    }

    @Test("what an image does not listen to is not even read")
    func selection() throws {
        var platform = PlatformFindings(commandLine: [])
        platform.firmwareTable = Bytes("{")
        platform.ec2 = Bytes("{")
        let baked = Bytes("{\"cmdline\":\"a\",\"sources\":[\"seed\"]}")
        let selection = try EffectiveConfiguration.selection(baked: baked, room: nil)
        #expect(selection.listens(to: .seed))
        #expect(platform.unheard(by: selection) == [.ec2, .firmwareTable])
        let effective = try EffectiveConfiguration.booting(
            baked: baked, room: nil, platform: platform)
        #expect(effective.value["hostname"] == nil)
        #expect(
            OverrideSource.allCases.filter { SourceSelection().listens(to: $0) }
                == [.seed, .smbios, .firmwareTable, .xenstore, .commandLine])
    }
}
