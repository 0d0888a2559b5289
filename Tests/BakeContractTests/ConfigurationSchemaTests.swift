import BakeContract
import Foundation
import TestSupport
import Testing

/// docs/rumpconfig.schema.json says what the parser does, by a validator we did not write.
@Suite("The schema of rumpconfig.json")
struct ConfigurationSchemaTests {
    private static let file = "\(StagedBake.repository)/docs/rumpconfig.schema.json"

    /// Rules that are the parser's alone: across keys, or of a form that patterns cannot hold.
    private static let beyondSchema: Set = [
        "should-fail-base64-damaged", "should-fail-cmdline-open-quote",
        "should-fail-net-bad-address", "should-fail-net-no-mask", "should-fail-rc-last-pipe",
        "should-fail-dialect-ffs",
    ]

    /// Prints the number of every document that the schema lets through, one a line.
    private static let validator = """
        import json, sys
        try:
            from jsonschema import Draft202012Validator as Validator
        except ImportError:
            sys.exit("python3-jsonschema is missing: run scripts/setup test first")
        schema = json.load(open(sys.argv[1]))
        Validator.check_schema(schema)
        for number, text in enumerate(json.load(open(sys.argv[2]))):
            if Validator(schema).is_valid(json.loads(text)):
                print(number)
        """

    private struct Sample {
        var name: String
        var text: Bytes
        var isAccepted: Bool
    }

    @Test("it accepts and refuses what the parser does")
    func corpus() throws {
        let samples =
            try ConfigurationCorpus.cases().compactMap(sample)
            + written.map {
                Sample(name: $0.0, text: Bytes($0.0), isAccepted: $0.1)
            }
        #expect(samples.count > 60)
        let scratch = try TemporaryDirectory()
        let texts = samples.map { $0.text.text }
        try JSONSerialization.data(withJSONObject: texts).write(
            to: URL(fileURLWithPath: scratch.path("texts.json")))
        let result = try runProcess([
            "python3", "-c", Self.validator, Self.file, scratch.path("texts.json"),
        ])
        #expect(result.status == 0, "\(result.stderrText)")
        let valid = Set(result.stdoutText.split(separator: "\n").compactMap { Int($0) })
        for (number, sample) in samples.enumerated() {
            #expect(parses(sample.text) == sample.isAccepted, "parser: \(sample.name)")
            if !Self.beyondSchema.contains(sample.name) {
                #expect(valid.contains(number) == sample.isAccepted, "schema: \(sample.name)")
            }
        }
    }

    @Test("it has the keys of the documentation's tables, and no others")
    func keys() throws {
        let schema = try #require(
            try JSONSerialization.jsonObject(
                with: Data(contentsOf: URL(fileURLWithPath: Self.file)))
                as? [String: Any])
        let parts = try #require(schema["$defs"] as? [String: Any])
        let tables = [
            ("## Keys", schema), ("### Programs", try #require(parts["program"] as? [String: Any])),
            ("### Interfaces", try #require(parts["interface"] as? [String: Any])),
            ("### Disks", try #require(parts["disk"] as? [String: Any])),
        ]
        for (heading, part) in tables {
            let properties = try #require(part["properties"] as? [String: Any])
            // Accepted for rumprun's sake.
            let named = Set(properties.keys).subtracting(["cloner"])
            #expect(named == Set(try Self.keys(below: heading)), "\(heading)")
        }
    }

    /// One line each: what the corpus has no file for.
    private let written = [
        (#"{}"#, true), (#"{"rc":null,"cmdline":"a"}"#, true), (#"{"rc":[{"argv":[]}]}"#, false),
        (#"{"cmdline":" "}"#, false), (#"{"cmdline":"a","init":"b"}"#, false),
        (#"{"hostname":"-a"}"#, false), (#"{"hostname":null}"#, true), (#"{"env":["A"]}"#, false),
        (#"{"env":{"A=B":"1"}}"#, false), (#"{"env":{"A":null,"B":1,"C":true}}"#, true),
        (#"{"env":{"A":[]}}"#, false), (#"{"sysctl":{"a.b":1}}"#, true),
        (#"{"sysctl":{"a.b":true}}"#, false), (#"{"limits":{"nofile":"unlimited"}}"#, true),
        (#"{"limits":{"nofile":{"soft":1}}}"#, false), (#"{"limits":{"files":1}}"#, false),
        (#"{"mounts":{"fstype":"tmpfs","mountpoint":"/a"}}"#, true),
        (#"{"mounts":[{"fstype":"tmpfs","mountpoint":"/a/../b"}]}"#, false),
        (#"{"mounts":[{"fstype":"tmpfs","mountpoint":"/a..b"}]}"#, true),
        (#"{"files":{"/a":"b","/c":{"content":{"base64":"/w=="},"mode":"0600"}}}"#, true),
        (#"{"files":{"a":"b"}}"#, false), (#"{"files":{"/a":{"content":"b","mode":"9"}}}"#, false),
        (#"{"mounts":{"source":"/a","mountpoint":"/b","options":"ro,bind"}}"#, true),
        (#"{"mounts":{"source":"/a","mountpoint":"/b","options":"unbind"}}"#, false),
        (#"{"mounts":{"mountpoint":"/b","options":"bind"}}"#, false),
        (#"{"blk":{"path":"/dev/vda","mountpoint":"/a","options":"ro"}}"#, true),
        (#"{"blk":[{"path":"LABEL=a b","source":null,"fstype":null,"mountpoint":null}]}"#, true),
        (#"{"blk":{"path":"LABEL="}}"#, false), (#"{"blk":{"path":"/srv/a"}}"#, false),
        (#"{"blk":{"path":""}}"#, false), (#"{"blk":{"path":"/dev/../a"}}"#, false),
        (#"{"blk":{"path":"mapper/a"}}"#, true), (#"{"blk":{"path":"a//b"}}"#, false),
        (#"{"blk":{"path":"vda","mountpoint":"a"}}"#, false),
        (#"{"blk":{"path":"a","x":1}}"#, false),
        (#"{"blk":{"source":"vnd","path":"/a.img"}}"#, false),
        (#"{"blk":{"source":"vnd","path":"/a.img","mountpoint":"/m"}}"#, true),
        (#"{"blk":{"source":"vnd","path":"a.img","mountpoint":"/m"}}"#, false),
        (#"{"blk":{"source":"etfs","path":"xbd0"}}"#, true),
        (#"{"blk":{"source":"etfs","path":"xbd"}}"#, false),
        (#"{"blk":{"path":"tag","fstype":"virtiofs"}}"#, false),
        (#"{"blk":{"path":"/tag/","fstype":"9p","mountpoint":"/m"}}"#, true),
        (#"{"sources":["ec2","gcp"]}"#, true), (#"{"sources":["ec3"]}"#, false),
        (#"{"sources":"seed"}"#, false), (#"{"sources":[{"name":"seed"}]}"#, true),
        (#"{"sources":[{"name":"ec2","timeout":60,"required":false}]}"#, true),
        (#"{"sources":[{"name":"ec2","timeout":null}]}"#, true),
        (#"{"sources":[{"name":"smbios","timeout":60}]}"#, false),
        (#"{"sources":[{"name":"gcp","timeout":301}]}"#, false),
        (#"{"sources":[{"timeout":1}]}"#, false), (#"{"sources":[{"name":"gcp","x":1}]}"#, false),
        (#"{"verify":"off","root":"ro","on_exit":"reboot"}"#, true),
        (#"{"verify":true}"#, false), (#"{"net":{"method":"dhcp","mtu":67}}"#, false),
        (#"{"arguments":"a"}"#, false), (#"{"config":"replace"}"#, false),
    ]

    /// Strict JSON of the corpus. That `arguments` have a program is a rule across keys.
    private func sample(_ sample: ConfigurationCorpus.Case) -> Sample? {
        guard sample.configuration.count < 1 << 20,
            (try? JSONValue.parse(sample.configuration, file: [])) != nil,
            let settings = try? JSONFileSource.baked(sample.configuration).settings(),
            settings.notes.isEmpty
        else { return nil }
        return Sample(
            name: sample.name, text: sample.configuration, isAccepted: parses(sample.configuration))
    }

    private func parses(_ text: Bytes) -> Bool {
        do throws(ConfigurationError) {
            _ = try EffectiveConfiguration.making(text, file: [])
            return true
        } catch {
            return false
        }
    }

    private static func keys(below heading: String) throws -> [String] {
        let page = try String(
            contentsOfFile: "\(StagedBake.repository)/docs/configuration.md", encoding: .utf8)
        let section = try #require(page.components(separatedBy: "\(heading)\n").dropFirst().first)
        let lines = section.split(separator: "\n", omittingEmptySubsequences: false)
        return lines.drop { !$0.hasPrefix("|") }.prefix { $0.hasPrefix("|") }.compactMap { line in
            line.hasPrefix("| `") ? String(line.dropFirst(3).prefix { $0 != "`" }) : nil
        }
    }
}
