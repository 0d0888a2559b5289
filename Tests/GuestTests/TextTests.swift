import BakeContract
import Testing

@testable import bake_init

@Suite struct TextTests {
    @Test(
        arguments: [
            ("", nil), ("0", 0), ("42", 42), ("18446744073709551615", UInt64.max),
            ("18446744073709551616", nil), ("-1", nil), ("1 ", nil), ("0x1", nil),
        ] as [(String, UInt64?)])
    func decimal(text: String, value: UInt64?) {
        #expect(text.bytes.decimal == value)
    }

    @Test func hexadecimal() {
        #expect(([0x00, 0xff, 0x1a] as Bytes).hexadecimal == "00ff1a".bytes)
    }

    @Test func controlBytesAreShownNotSent() {
        #expect(("a b".bytes + [0x1b, 0xc3]).shown == "a b\\x1b\\xc3")
    }

    @Test func linesNeedNoLastNewline() {
        #expect("a\n\nb\n".bytes.lines == ["a".bytes, [], "b".bytes])
        #expect("a\nb".bytes.lines == ["a".bytes, "b".bytes])
        #expect(Bytes().lines == [])
    }

    @Test func trimmed() {
        #expect(" \ta b\n".bytes.trimmed == "a b".bytes)
        #expect(" \n".bytes.trimmed == [])
    }
}
