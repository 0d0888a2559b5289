import BakeContract
import Testing

@Suite("rumprun's dialect")
struct DialectTests {
    @Test(
        "texts come to strict JSON with our names",
        arguments: [
            // Syntax: commas, text in front, objects in a row, keys again.
            ("{,\"cmdline\":\"a\",}", #"{"cmdline":"a"}"#),
            ("{\"rc\":[{\"bin\":\"a\",},],}", #"{"rc":[{"bin":"a"}]}"#),
            ("kernel.bin {\"cmdline\":\"a\"}", #"{"cmdline":"a"}"#),
            ("{\"a\":1},{\"b\":2}", #"{"a":1,"b":2}"#),
            ("{\"sysctl\":{\"a\":1}} {\"sysctl\":{\"b\":2}}", #"{"sysctl":{"a":1,"b":2}}"#),
            ("{\"env\":\"A=1\",\"env\":\"B=x=y\"}", #"{"env":{"A":"1","B":"x=y"}}"#),
            ("{\"env\":\"A=1\",\"env\":{\"A\":2}}", #"{"env":{"A":2}}"#),
            ("{\"env\":\"A=1\"}{\"env\":[\"B=2\",\"C=3\"]}", #"{"env":{"A":"1","B":"2","C":"3"}}"#),
            (
                "{\"net\":{\"if\":\"a\"},\"net\":[{\"if\":\"b\"},{\"if\":\"c\"}]}",
                #"{"net":[{"if":"a"},{"if":"b"},{"if":"c"}]}"#
            ),
            ("{\"a\":1 \"b\":[1 2],}", #"{"a":1,"b":[1,2]}"#),
            ("{,hostname\": \"x\"}", #"{"hostname":"x"}"#),
            (#"{,"a":"é\ud83d\ude00\"\\"}"#, #"{"a":"é😀\"\\"}"#),
            // Names.
            (
                "{\"rc_TESTING\":[{\"bin\":\"a\",\"args\":[\"b\"]}]}",
                #"{"rc":[{"argv":["b"],"bin":"a"}]}"#
            ),
            (
                "{\"net\":{\"if\":\"vioif0\",\"cloner\":\"true\",\"method\":\"dhcp\"},}",
                #"{"net":{"cloner":"true","if":"vioif0","method":"dhcp"}}"#
            ),
            (
                "{\"blk\":{\"source\":\"dev\",\"path\":\"/dev/ld0a\",\"fstype\":\"blk\"}}",
                #"{"blk":{"fstype":"auto","path":"/dev/vda","source":"dev"}}"#
            ),
            (
                "{\"blk\":[{\"source\":\"etfs\",\"path\":\"sda1\"},{\"path\":\"/dev/sd1a\"}]}",
                #"{"blk":[{"path":"/dev/xvda1","source":"dev"},{"path":"/dev/sdb"}]}"#
            ),
            (
                "{\"blk\":[{\"path\":\"virtual\",\"fstype\":\"kernfs\"},{\"path\":\"i\",\"fstype\":\"cd9660\"}]}",
                #"{"blk":[{"fstype":"iso9660","path":"i"}]}"#
            ),
            // The forms of the document.
            (
                "{\"net\":{\"interfaces\":{\"vioif0\":{\"addrs\":[{\"method\":\"dhcp\"}]}}}}",
                #"{"net":[{"if":"vioif0","method":"dhcp"}]}"#
            ),
            (
                "{\"blk\":{\"xbd0\":{\"type\":\"etfs\",\"path\":\"blkfront:xvda\"}},"
                    + "\"mount\":{\"/d\":{\"source\":\"blk\",\"path\":\"/dev/xbd0\"}}}",
                #"{"blk":[{"fstype":"auto","mountpoint":"/d","path":"/dev/xvda","source":"dev"}]}"#
            ),
            (
                "{\"mount\":{\"/t\":{\"source\":\"tmpfs\"},\"/k\":{\"source\":\"kernfs\"}}}",
                #"{"mounts":[{"fstype":"tmpfs","mountpoint":"/t","options":"size=1M"}]}"#
            ),
        ])
    func reading(text: String, expected: String) throws {
        let settings = try source(text).settings()
        #expect(settings.overrides.map { $0.patch.sorted.compactText.text } == [expected])
        #expect(!settings.notes.isEmpty)
    }

    @Test(
        "strict JSON with our names is read as it is",
        arguments: [
            #"{"env":["A=1","B=2"],"net":[{"if":"eth0"}],"blk":[{"path":"/dev/vda"}]}"#,
            #"{"rc":[{"bin":"vioif0","argv":["{,"]}],"hostname":"ld0a"}"#,
        ])
    func strict(text: String) throws {
        let settings = try source(text).settings()
        let value = try JSONValue.parse(Bytes(text), file: [])
        #expect(settings.overrides.map(\.patch) == [value])
        #expect(settings.notes.isEmpty)
    }

    @Test(
        "places are those of the user's text",
        arguments: [
            ("{,\n \"hostname\":7,\n}", "f:2:13: error: 'hostname' must be a string"),
            ("boot {\n\"root\":\n  \"maybe\"}", "f:3:3: error: 'root' must be \"rw\" or \"ro\""),
            (
                "{\"env\":\"A=1\",\n\"env\":\"nothing\"}",
                "f:2:7: error: 'env' must be of the form \"NAME=VALUE\""
            ),
            ("{,\"a\":1,\n \"a\":2}", "f:2:2: error: 'a' is given twice, first at 1:3"),
            (
                "{\"rc\":[],\n\"rc_TESTING\":[]}",
                "f:2:1: error: 'rc' is given twice, first at 1:2"
            ),
            (
                "{\"net\":{\"interfaces\":{\"vioif0\":{\"addrs\":[\n{\"method\":\"bootp\"}]}}}}",
                "f:2:11: error: 'net[0].method' must be \"dhcp\" or \"static\""
            ),
            ("{\"hostnme\":1,}", "f:1:2: error: unknown key 'hostnme', did you mean 'hostname'?"),
            // Mistakes of plain JSON are told as such.
            ("{\"hostname\" \"a\"}", "f:1:13: error: expected ':'"),
            ("{\"hostname\":\"a\"", "f:1:16: error: expected ',' or '}'"),
            ("{hostname:\"a\"}", "f:1:2: error: expected a string in double quotes"),
            ("{\"env\":{} \"root\":\"rw\"}", "f:1:11: error: expected ',' or '}'"),
            ("[{}", "f:1:4: error: expected ',' or ']'"),
            ("nothing", "f:1:1: error: expected a value"),
            ("{,\"a\":\"b}", "f:1:7: error: this string has no closing quote"),
            ("{,} behind", "f:1:5: error: text behind the end of the JSON value"),
        ])
    func refusal(text: String, expected: String) {
        do {
            _ = try EffectiveConfiguration([source(text).settings()], .making)
            Issue.record("accepted")
        } catch {
            #expect(error.description == expected)
        }
    }

    @Test("every trait is told once, with its place")
    func notes() throws {
        let text = "x {,\n\"env\":\"A=1\",\"env\":\"B=2\",\"blk\":{\"path\":\"/dev/ld0a\"},,}\n{}"
        #expect(
            try source(text).settings().notes.map(\.note) == [
                "f:1:1: note: rumprun's dialect: the text in front of the first '{' is passed over",
                "f:1:4: note: rumprun's dialect: a comma too many is passed over",
                "f:2:13: note: rumprun's dialect: 'env' is given again and adds up",
                "f:2:39: note: rumprun's dialect: '/dev/ld0a' is taken as '/dev/vda'",
                "f:3:1: note: rumprun's dialect: several objects are merged in their order",
            ])
    }

    @Test("what is written for rumprun reads as it was")
    func conversion() throws {
        let text = """
            {"env":{"A":"1","B":"x y"},"hostname":"h",
             "net":[{"method":"static","addr":"10.0.0.2/24","gw":"10.0.0.1"}],
             "rc":[{"bin":"a","argv":["\\"q\\""]},{"bin":"b","runmode":"&"}]}
            """
        let value = try EffectiveConfiguration.making(Bytes(text), file: []).value
        let old = RumprunText(value)
        #expect(old.losses.isEmpty)
        #expect(
            old.text.text == """
                {
                  "env": "A=1",
                  "env": "B=x y",
                  "hostname": "h",
                  "net": {
                    "if": "vioif0",
                    "type": "inet",
                    "method": "static",
                    "addr": "10.0.0.2",
                    "mask": "24",
                    "gw": "10.0.0.1",
                  },
                  "rc_TESTING": [
                    {
                      "bin": "a",
                      "argv": ["\\"q\\""],
                    },
                    {
                      "bin": "b",
                      "runmode": "&",
                      "argv": [],
                    },
                  ],
                }

                """)
        let back = try EffectiveConfiguration.making(old.text, file: Bytes("json.cfg"))
        var plain = try EffectiveConfiguration.making(Bytes(text), file: []).configuration
        // Its interfaces must have names; this is the first one's.
        #expect(back.configuration.interfaces.first?.selector != plain.interfaces.first?.selector)
        plain.interfaces[0].selector = back.configuration.interfaces[0].selector
        #expect(back.configuration == plain)
    }

    @Test("what rumprun cannot say is named")
    func losses() throws {
        let text = """
            {"rc":[{"bin":"a","user":"www","runmode":"|"},{"bin":"b"}],"root":"ro",
             "net":[{"method":"dhcp","mtu":1400}]}
            """
        let value = try EffectiveConfiguration.making(Bytes(text), file: []).value
        let paths = RumprunText(value).losses.map(\.path.description)
        #expect(paths == ["rc[0].user", "rc[0].runmode", "root", "net[0].mtu"])
    }

    private func source(_ text: String) -> JSONFileSource {
        JSONFileSource(kind: .baked, file: Bytes("f"), text: Bytes(text))
    }
}
