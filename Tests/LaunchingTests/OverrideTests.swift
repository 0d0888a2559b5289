import BakeContract
import Launching
import Testing

/// Which way the settings of a launch go.
@Suite struct OverrideTests {
    private static let short = JSONValue.object([
        JSONMember(Bytes("hostname".utf8), .text("a"))
    ])
    private static let long = JSONValue.object([
        JSONMember(Bytes("env".utf8), .object([JSONMember(Bytes("A".utf8), .text(filler))]))
    ])
    private static let filler = String(repeating: "x", count: 2040)

    private func selection(_ sources: String?) throws -> SourceSelection {
        let sources = sources.map { ",\"sources\":\($0)" } ?? ""
        return try EffectiveConfiguration.selection(
            baked: Bytes("{\"cmdline\":\"a\"\(sources)}".utf8), room: nil)
    }

    private func launched(
        _ settings: JSONValue, _ arguments: [Bytes]? = nil, sources: String? = nil,
        baked: String = ""
    ) throws -> LaunchRequest {
        var launch = request { $0.bakedCommandLine = Bytes(baked.utf8) }
        try launch.override(settings, arguments: arguments, heardBy: try selection(sources))
        return launch
    }

    @Test func theCommandLineIsFirst() throws {
        let launch = try launched(Self.short, [Bytes("-v".utf8)])
        #expect(launch.commandLine == Bytes(#"{"hostname":"a"} -- -v"#.utf8))
        #expect(launch.firmwareTable == nil)
        let nothing = try launched(.object([]), sources: "[]")
        #expect(nothing.commandLine.isEmpty && nothing.firmwareTable == nil)
    }

    @Test func whatIsTooLongGoesIntoTheTable() throws {
        let launch = try launched(Self.long, [Bytes("-v".utf8), [0xff]])
        #expect(launch.commandLine.isEmpty)
        #expect(
            launch.firmwareTable
                == Bytes(
                    (#"{"arguments":["-v",{"base64":"/w=="}],"env":{"A":""# + Self.filler + "\"}}")
                        .utf8))
        let platform = try #require(launch.firmwareTable)
        var findings = PlatformFindings(commandLine: launch.commandLine)
        findings.firmwareTable = platform
        let effective = try EffectiveConfiguration.booting(
            baked: Bytes("{\"cmdline\":\"a\"}".utf8), room: nil, platform: findings)
        #expect(effective.configuration.environment.first?.value == Bytes(Self.filler.utf8))
    }

    @Test func theImagesOwnLineTakesRoomToo() throws {
        let nearly = JSONValue.object([
            JSONMember(
                Bytes("hostname".utf8), .text(String(repeating: "x", count: 1990)))
        ])
        #expect(try launched(nearly).firmwareTable == nil)
        #expect(
            try launched(nearly, baked: "console=ttyS0 panic=-1 loglevel=3 net.ifnames=0")
                .firmwareTable != nil)
    }

    @Test func theImageSaysWhatItHears() throws {
        #expect(try launched(Self.short, sources: #"["fw_cfg"]"#).firmwareTable != nil)
        // Neither: the guest's own refusal is told.
        #expect(try !launched(Self.short, sources: "[]").commandLine.isEmpty)
        for (sources, baked, obstacle) in [
            (#"["cmdline"]"#, "", TableObstacle.tableNotHeard),
            (nil, "bake.hostname=b", .bakedCommandLineWins),
        ] as [(String?, String, TableObstacle)] {
            do {
                _ = try launched(Self.long, sources: sources, baked: baked)
                Issue.record("no error: \(obstacle)")
            } catch LaunchError.overridesTooLong(_, let found) {
                #expect(found == obstacle)
            }
        }
    }

    @Test func nothingCarriesANUL() {
        #expect(throws: LaunchError.overrides(.nulInArgument(index: 0))) {
            try launched(Self.long, [[0]])
        }
    }

    @Test func thereIsAnEnd() throws {
        let launch = request { $0.firmwareTable = Bytes(repeating: 0x78, count: 131_072) }
        #expect(
            throws: LaunchError.firmwareTableTooLong(
                byteCount: 131_103, limitByteCount: 131_071)
        ) { try QEMUCommand(launch, accelerator: .tcg, tools: toolsOfTests) }
    }
}
