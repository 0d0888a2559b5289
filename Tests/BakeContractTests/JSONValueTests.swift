import BakeContract
import Testing

@Suite("JSON values")
struct JSONValueTests {
    @Test(
        "what is written comes back with sorted keys and its numbers as they were",
        arguments: [
            ("{}", "{}"),
            (" [ 1 , -0.5e+10,1E400 ] ", "[1,-0.5e+10,1E400]"),
            (
                "{\"b\":1,\"a\":{\"d\":null,\"c\":[true,false]}}",
                "{\"a\":{\"c\":[true,false],\"d\":null},\"b\":1}"
            ),
            ("\"\\u00e9\\n\\ud83d\\ude00\\/\"", "\"é\\n😀/\""),
            ("\"\\u0000\\u001f\\\\\\\"\"", "\"\\u0000\\u001f\\\\\\\"\""),
            ("{\"\\u0061\":1}", "{\"a\":1}"),
            ("{\"\":1}", "{\"\":1}"),
            ("123456789012345678901234567890", "123456789012345678901234567890"),
            ("true", "true"), ("null", "null"), ("\t\r\n0", "0"),
        ])
    func roundTrip(text: String, expected: String) throws {
        let value = try JSONValue.parse(Bytes(text), file: Bytes("x"))
        #expect(value.compactText.text == expected)
        #expect(try JSONValue.parse(value.prettyText, file: Bytes("x")).sorted == value.sorted)
    }

    @Test(
        "a refusal names the place",
        arguments: [
            ("", "x:1:1: error: the text is empty, a JSON object is expected"),
            ("{\n  \"a\" 1}", "x:2:7: error: expected ':'"),
            ("{\"a\":1,}", "x:1:8: error: a comma with nothing behind it"),
            ("[1,]", "x:1:4: error: a comma with nothing behind it"),
            ("{,\"a\":1}", "x:1:2: error: expected a string in double quotes"),
            ("{\"a\":1 \"b\":2}", "x:1:8: error: expected ',' or '}'"),
            ("[1 2]", "x:1:4: error: expected ',' or ']'"),
            ("{\"a\":", "x:1:6: error: the text ends before its last value is complete"),
            ("{'a':1}", "x:1:2: error: expected a string in double quotes"),
            ("{\"a\":tru}", "x:1:6: error: expected a value"),
            ("[NaN]", "x:1:2: error: expected a value"),
            ("[-Infinity]", "x:1:3: error: expected a value"),
            ("[nullx]", "x:1:6: error: expected ',' or ']'"),
            ("[01]", "x:1:2: error: a number must not begin with a zero"),
            ("[1.]", "x:1:4: error: expected a digit"),
            ("[1e]", "x:1:4: error: expected a digit"),
            ("[.5]", "x:1:2: error: expected a value"),
            ("[+1]", "x:1:2: error: expected a value"),
            ("{} {}", "x:1:4: error: text behind the end of the JSON value"),
            ("{} // c", "x:1:4: error: text behind the end of the JSON value"),
            ("[/* c */ 1]", "x:1:2: error: expected a value"),
            ("\"abc", "x:1:1: error: this string has no closing quote"),
            ("\"\\x41\"", "x:1:2: error: this is no escape that JSON knows"),
            ("\"é\\ud800\"", "x:1:3: error: half of a surrogate pair is no character"),
            ("\"\\udc00\"", "x:1:2: error: half of a surrogate pair is no character"),
            ("\"\\ud800\\u0041\"", "x:1:2: error: half of a surrogate pair is no character"),
            (
                "\"a\tb\"",
                "x:1:3: error: byte 9 in a string; write control characters as escapes such as "
                    + "\\n or \\u0009"
            ),
            ("{\"a\\u0000b\":1}", "x:1:2: error: a NUL character in a key"),
            ("{\"a\":1,\n \"a\":2}", "x:2:2: error: 'a' is given twice, first at 1:2"),
            ("{\"a\":[1],\"\\u0061\":\"x\"}", "x:1:10: error: 'a' is given twice, first at 1:2"),
            (
                "{\"n\":{\"b\":{},\"a\":1,\"b\":2}}",
                "x:1:20: error: 'b' is given twice, first at 1:7"
            ),
            (
                "\u{feff}{}",
                "x:1:1: error: the text begins with a byte order mark; save it as UTF-8 without one"
            ),
            ("{\u{0}}", "x:1:2: error: a NUL byte in the text"),
            ("[1\u{b}]", "x:1:3: error: expected ',' or ']'"),
        ])
    func refusal(text: String, expected: String) {
        expectRefusal(Bytes(text), expected)
    }

    @Test(
        "invalid UTF-8 is refused where it begins",
        arguments: [
            [0x22, 0xff, 0x22], [0x22, 0xc0, 0x80, 0x22], [0x22, 0xed, 0xa0, 0x80, 0x22],
            [0x22, 0xf4, 0x90, 0x80, 0x80, 0x22], [0x22, 0xe2, 0x82], [0x22, 0x80, 0x22],
        ] as [Bytes])
    func invalidUTF8(text: Bytes) {
        expectRefusal(text, "x:1:2: error: the text is not UTF-8 here")
    }

    @Test("depth and size are bounded")
    func limits() throws {
        let deep = Bytes(repeating: UInt8(ascii: "["), count: 100_000)
        expectRefusal(deep, "x:1:33: error: more than 32 arrays and objects within each other")
        let objects = Bytes(String(repeating: "{\"a\":", count: 100_000))
        expectRefusal(objects, "x:1:161: error: more than 32 arrays and objects within each other")
        let fits = Bytes(String(repeating: "[", count: 32) + String(repeating: "]", count: 32))
        #expect(try JSONValue.parse(fits, file: Bytes("x")).compactText == fits)
        let large = Bytes("\"" + String(repeating: "a", count: 2 << 20) + "\"")
        expectRefusal(
            large, "x:1:1: error: the text is 2097154 bytes long, at most 1048576 are read")
    }

    @Test("many keys are looked through once, also where the last repeats the first")
    func manyKeys() {
        var text = "{"
        for index in 0..<60_000 { text += "\"k\(index)\":1," }
        expectRefusal(
            Bytes(text + "\"k0\":2}"),
            "x:1:648892: error: 'k0' is given twice, first at 1:2")
    }

    @Test(
        "whole numbers",
        arguments: [
            ("0", 0), ("-1", -1), ("9223372036854775807", .max), ("-9223372036854775808", .min),
            ("9223372036854775808", nil), ("-9223372036854775809", nil), ("1.0", nil), ("1e2", nil),
        ] as [(String, Int64?)])
    func integers(text: String, expected: Int64?) throws {
        #expect(try JSONValue.parse(Bytes(text), file: Bytes("x")).integer == expected)
    }

    @Test("the pretty form is stable")
    func pretty() throws {
        let value = try JSONValue.parse(
            Bytes("{\"b\":[],\"a\":[1,{\"z\":\"é\"}],\"c\":{}}"), file: Bytes("x"))
        #expect(
            value.prettyText.text == """
                {
                  "a": [
                    1,
                    {
                      "z": "é"
                    }
                  ],
                  "b": [],
                  "c": {}
                }

                """)
    }

    @Test("no text traps: every prefix and every changed byte of a full example")
    func neverTraps() {
        let text = Bytes(
            "{\"a\":[1,-2.5e+3,true,false,null],\"b\\u00e9\":{\"c\":\"\\ud83d\\ude00\\n\"},\"d\":\"é\"}"
        )
        var refusals = 0
        for length in text.indices {
            if (try? JSONValue.parse(Bytes(text[..<length]), file: [])) == nil {  // counted below
                refusals += 1
            }
            for byte: UInt8 in [0, 0x22, 0x2c, 0x5c, 0x5b, 0x7d, 0x30, 0xff] {
                var changed = text
                changed[length] = byte
                _ = try? JSONValue.parse(changed, file: [])  // only that it returns
            }
        }
        #expect(refusals == text.count)
    }

    private func expectRefusal(
        _ text: Bytes, _ expected: String, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        do {
            let value = try JSONValue.parse(text, file: Bytes("x"))
            Issue.record(
                "accepted as \(value.compactText.text.prefix(80))", sourceLocation: sourceLocation)
        } catch {
            #expect(error.description == expected, sourceLocation: sourceLocation)
        }
    }
}
