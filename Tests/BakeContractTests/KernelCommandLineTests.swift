import BakeContract
import Testing

@Suite("Kernel command lines")
struct KernelCommandLineTests {
    @Test(
        "overrides, in the order they stand in",
        arguments: [
            ("", []),
            ("console=ttyS0 quiet root=/dev/sda\n", []),
            (
                "quiet {\"hostname\": \"a b\", \"env\": {\"A\": \"}\\\"{\"}} ro",
                ["{\"env\":{\"A\":\"}\\\"{\"},\"hostname\":\"a b\"}"]
            ),
            ("x{\"a\":1} {\"b\":2}", ["{\"a\":1}", "{\"b\":2}"]),
            (
                "bake.hostname=7 bake.env.A=8 bake.env.B.C=d",
                ["{\"hostname\":\"7\"}", "{\"env\":{\"A\":\"8\"}}", "{\"env\":{\"B.C\":\"d\"}}"]
            ),
            ("bake.env.A= bake.env.B=null", ["{\"env\":{\"A\":\"\"}}", "{\"env\":{\"B\":null}}"]),
            ("bake.env.J={\"x\":1}", ["{\"env\":{\"J\":\"{\\\"x\\\":1}\"}}"]),
            (
                "bake.cmdline=\"ls -l /\" \"bake.hostname=a b\"",
                ["{\"cmdline\":\"ls -l /\"}", "{\"hostname\":\"a b\"}"]
            ),
            (
                "bake.net.mtu=1400 bake.net.addr=10.0.0.1",
                ["{\"net\":{\"mtu\":1400}}", "{\"net\":{\"addr\":\"10.0.0.1\"}}"]
            ),
            ("bake.net=[{\"if\":\"a\\u0020b\"}]", ["{\"net\":[{\"if\":\"a b\"}]}"]),
            ("bake.sysctl.net.core.somaxconn=5", ["{\"sysctl\":{\"net.core.somaxconn\":\"5\"}}"]),
            ("bake.limits.nofile=5", ["{\"limits\":{\"nofile\":5}}"]),
            ("bake.files./etc/a.conf=x", ["{\"files\":{\"/etc/a.conf\":\"x\"}}"]),
            ("-- a 'b c'", ["{\"arguments\":[\"a\",\"b c\"]}"]),
            ("--", ["{\"arguments\":[]}"]),
            (
                "bake.env.A=1 -- {\"a\" bake.verbose",
                ["{\"env\":{\"A\":\"1\"}}", "{\"arguments\":[\"{a\",\"bake.verbose\"]}"]
            ),
            (
                "{\"cmdline\":\"a -- b\"} -- c",
                ["{\"cmdline\":\"a -- b\"}", "{\"arguments\":[\"c\"]}"]
            ),
            ("a=\"x -- y\" bake.hostname=h", ["{\"hostname\":\"h\"}"]),
            ("a--b ---", []),
            ("bake.inplace=off bake.hostname=h", ["{\"hostname\":\"h\"}"]),
        ] as [(String, [String])])
    func overrides(text: String, expected: [String]) throws {
        let line = try KernelCommandLine.parse(Bytes(text))
        #expect(line.overrides.map { $0.patch.compactText.text } == expected)
    }

    @Test("flags")
    func flags() throws {
        let line = try KernelCommandLine.parse(Bytes("bake.verbose quiet bake.config=replace"))
        #expect(line.isVerbose)
        #expect(line.isReplacing)
        #expect(try !KernelCommandLine.parse(Bytes("-- bake.verbose")).isVerbose)
    }

    @Test("bytes that are no UTF-8 arrive as they are")
    func rawBytes() throws {
        let line = try KernelCommandLine.parse(
            Bytes("bake.env.A=") + [0xff] + Bytes(" -- ") + [0xc3, 0xa0, 0x20, 0xfe])
        #expect(
            line.overrides.map { $0.patch.compactText.text } == [
                "{\"env\":{\"A\":{\"base64\":\"/w==\"}}}",
                "{\"arguments\":[\"à\",{\"base64\":\"/g==\"}]}",
            ])
    }

    @Test(
        "what does not parse is named with its column",
        arguments: [
            ("quiet {\"hostname\": }", "1:20: error: expected a value"),
            ("{\"a\":1", "1:7: error: expected ',' or '}'"),
            ("{\"a\":1}}", "1:8: error: text behind the end of the JSON value"),
            ("{\"a\":1,\"a\":2}", "1:8: error: 'a' is given twice, first at 1:2"),
            ("bake.net=[1", "1:12: error: expected ',' or ']'"),
            ("bake.env.=1", "1:1: error: there is an empty name between the dots"),
            ("ro bake.=1", "1:4: error: there is an empty name between the dots"),
            ("bake.net..addr=1", "1:1: error: there is an empty name between the dots"),
            (
                "bake.hostname",
                "1:1: error: 'bake.hostname' is no flag of bake; "
                    + "settings are written bake.KEY=VALUE"
            ),
            ("bake.config=merge", "1:13: error: 'bake.config' can only be 'replace'"),
            (
                "bake.cut {\"a\":",
                "1:1: error: the command line was longer than the kernel takes, "
                    + "its end is lost"
            ),
            ("-- a 'b", "1:6: error: a quote in the arguments is not closed"),
            ("-- a \\", "1:6: error: the arguments end in a backslash"),
        ])
    func refusal(text: String, expected: String) {
        do {
            _ = try KernelCommandLine.parse(Bytes(text))
            Issue.record("accepted")
        } catch {
            #expect(error.description == "kernel command line:" + expected)
        }
    }

    @Test(
        "what is written for a launcher",
        arguments: [
            ("{}", nil, ""),
            ("{}", [], "--"),
            (
                "{}", ["-v", "a b", "", "it's", "say \"hi\" \\"],
                "-- -v \"a b\" \"\" \"it's\" \"say \\\"hi\\\" \\\\\""
            ),
            (
                "{\"hostname\":\"a b\",\"env\":{\"é\":\"\\\"😀\\\\\"}}", ["x"],
                "{\"env\":{\"\\u00e9\":\"\\u0022\\ud83d\\ude00\\u005c\"},"
                    + "\"hostname\":\"a\\u0020b\"} -- x"
            ),
            ("{}", ["é"], "{\"arguments\":[\"\\u00e9\"]}"),
            ("{}", ["a\nb"], "{\"arguments\":[\"a\\u000ab\"]}"),
        ] as [(String, [String]?, String)])
    func encoding(override: String, arguments: [String]?, expected: String) throws {
        let value = try JSONValue.parse(Bytes(override), file: [])
        let text = try KernelCommandLine.encode(
            override: value, arguments: arguments?.map { Bytes($0) })
        #expect(text.text == expected)
    }

    @Test("limits are named")
    func limits() {
        let long = [Bytes(repeating: 0x61, count: 2045)]
        #expect(throws: CommandLineLimit.tooLong(byteCount: 2048)) {
            try KernelCommandLine.encode(override: .object([]), arguments: long)
        }
        let fits = [Bytes(repeating: 0x61, count: 2044)]
        #expect(throws: Never.self) {
            try KernelCommandLine.encode(override: .object([]), arguments: fits)
        }
        #expect(throws: CommandLineLimit.tooLong(byteCount: 2057)) {
            try KernelCommandLine.encode(
                override: .object([]), arguments: fits, reservedByteCount: 10)
        }
        #expect(throws: CommandLineLimit.nulInArgument(index: 1)) {
            try KernelCommandLine.encode(override: .object([]), arguments: [[0x61], [0x61, 0]])
        }
    }

    /// The kernel panics beyond 31 words for init, hangs beyond 2047 bytes and parts words at white
    /// space outside double quotes; whatever is asked for, the text must stay clear of all three
    /// and come back as it was.
    @Test("any override and any arguments come back as they were", arguments: 0..<40)
    func roundTrip(seed: UInt64) throws {
        var random = Noise(state: seed &* 0x9e37_79b9_7f4a_7c15 | 1)
        for _ in 0..<50 {
            let hostname = random.text()
            let override = JSONValue.object([
                JSONMember(
                    Bytes("env"),
                    .object([JSONMember(Bytes("E") + random.text(), .bytes(random.bytes()))])),
                JSONMember(Bytes("x"), .array([.string(hostname), .null, .integer(-7)])),
            ])
            let arguments = (0..<random.below(random.below(4) == 0 ? 60 : 6)).map { _ in
                random.below(2) == 0 ? random.bytes() : random.text()
            }
            let text = try KernelCommandLine.encode(override: override, arguments: arguments)

            #expect(text.allSatisfy { $0 >= 0x20 && $0 < 0x7f })
            #expect(kernelWords(text) <= 26)
            let line = try KernelCommandLine.parse(text)
            var merged = JSONValue.object([])
            for patch in line.overrides { merged = merged.merged(with: patch.patch) }
            let expected = override.merged(
                with: .object([
                    JSONMember(Bytes("arguments"), .array(arguments.map { .bytes($0) }))
                ]))
            #expect(merged.compactText == expected.compactText)
        }
    }

    @Test("no line traps", arguments: 0..<40)
    func neverTraps(seed: UInt64) {
        var random = Noise(state: seed &* 0x9e37_79b9_7f4a_7c15 | 1)
        let pieces = [
            "bake.", "bake.env.A", "=", "\"", "'", "{", "}", "[", "]", "--", " ", "\\", ":", ",",
            "null", "\u{0}", "é", "bake.config=replace", "\"a\"", ".",
        ]
        var refusals = 0
        for _ in 0..<400 {
            var text: Bytes = []
            for _ in 0..<random.below(12) { text += Bytes(pieces[random.below(pieces.count)]) }
            do { _ = try KernelCommandLine.parse(text) } catch { refusals += 1 }
        }
        #expect(refusals > 0 && refusals < 400)
    }

    /// Written apart from the product's own, after next_arg() of the kernel.
    private func kernelWords(_ text: Bytes) -> Int {
        var count = 0
        var isInWord = false
        var isInQuote = false
        for byte in text {
            if byte == 0x20 && !isInQuote {
                isInWord = false
            } else {
                if !isInWord { count += 1 }
                isInWord = true
                if byte == 0x22 { isInQuote.toggle() }
            }
        }
        return count
    }
}

/// The same numbers in every run, so that a failure can be looked at twice.
struct Noise {
    var state: UInt64

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }

    mutating func below(_ limit: Int) -> Int { Int(next() >> 11) % limit }

    /// Not UTF-8 as a rule, never NUL.
    mutating func bytes() -> Bytes { (0..<below(9)).map { _ in UInt8(1 + below(255)) } }

    /// UTF-8 with everything that needs care.
    mutating func text() -> Bytes {
        let pieces = [
            "a", " ", "\"", "'", "\\", "é", "😀", "=", "{", "--", ".", "\t", "\u{7f}", ",",
        ]
        return Bytes((0..<below(9)).map { _ in pieces[below(pieces.count)] }.joined())
    }
}
