import BakeContract
import Testing

@testable import Launching

@Suite struct StatusReportTests {
    @Test(
        arguments: [
            ("exit 0\n", .program(status: 0)), ("exit 255\n", .program(status: 255)),
            ("exit 7\nexit 0\n", .program(status: 7)),
            (
                "failed 66 no such program: /bin/x y\n",
                .guestFailed(status: 66, text: "no such program: /bin/x y")
            ),
            ("failed 1\n", .guestFailed(status: 1, text: "")),
            ("", nil), ("exit 0", nil), ("exit\n", nil), ("exit 256\n", nil), ("exit -1\n", nil),
            ("exit 0 0\n", nil), ("exit x\n", nil), ("done 0\n", nil), ("\n", nil),
            ("init\n", nil), ("init\nfailed 41 gone\n", .guestFailed(status: 41, text: "gone")),
            ("init\nexit 3\n", .program(status: 3)), ("init", nil),
            ("failed x y\n", nil), ("exit 99999999999999999999999\n", nil),
        ] as [(String, LaunchOutcome?)])
    func reads(text: String, expected: LaunchOutcome?) {
        #expect(StatusReport.outcome(of: Bytes(text.utf8)) == expected)
    }

    @Test(
        arguments: [
            (LaunchOutcome.program(status: 3), nil),
            (.guestFailed(status: 1, text: "why"), "why"),
            (
                .noStatus(console: []),
                "the guest ended without a status, and nothing stands on its console"
            ),
            (
                .noStatus(console: Bytes("\u{1b}[2J\u{1b}[01;01Ha\r\n  \nold\rnew\r\nb".utf8)),
                "the guest ended without a status; the last lines of its console:\n  a\n  new\n  b"
            ),
        ] as [(LaunchOutcome, String?)])
    func tells(outcome: LaunchOutcome, expected: String?) {
        #expect(outcome.message == expected)
    }

    @Test func theTailOfTheConsoleIsBoundedAndWhole() {
        var tail = ConsoleTail()
        for number in 0..<20000 {
            tail.append(Bytes("line \(number)\n".utf8))
            #expect(tail.bytes.count <= 2 * ConsoleTail.limitByteCount)
        }
        let lines = ConsoleTail.printableLines(tail.lastBytes)
        #expect(lines.last == "line 19999")
        #expect(lines.first?.hasPrefix("line 1") == true)
        #expect(tail.lastBytes.count <= ConsoleTail.limitByteCount)
    }
}
