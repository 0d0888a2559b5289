import BakeContract
import Foundation
import Launching
import TestSupport
import Testing

@Suite struct ShellQuotingTests {
    @Test(arguments: [
        ("", "''"), ("abc", "abc"), ("-kernel", "-kernel"), ("a b", "'a b'"),
        ("it's", #"'it'\''s'"#), ("~", "'~'"), ("=a", "'=a'"), ("user,id=net0", "user,id=net0"),
        ("a=b", "'a=b'"), ("$x", "'$x'"), ("*", "'*'"),
        ("a\nb", "'a\nb'"), ("{\"a\":1}", "'{\"a\":1}'"), ("#", "'#'"), ("!", "'!'"),
    ])
    func quotes(argument: String, expected: String) {
        #expect(String(decoding: shellQuoted(Bytes(argument.utf8)), as: UTF8.self) == expected)
    }

    /// A shell gives back what was quoted: every byte but NUL alone, and many random strings.
    @Test func aShellReadsBackTheSameBytes() throws {
        var generator = SeededGenerator(state: 1)
        var arguments: [Bytes] = (1...255).map { [UInt8($0)] } + [[]]
        for _ in 0..<500 {
            let length = Int.random(in: 1...12, using: &generator)
            arguments.append(
                (0..<length).map { _ in UInt8.random(in: 1...255, using: &generator) })
        }
        let words = arguments.map(shellQuoted).joined(separator: [0x20])
        let script = Data(
            Bytes("for word in ".utf8) + words + Bytes("; do printf '%s\\0' \"$word\"; done".utf8))
        let result = try runProcess(["sh", "-s"], input: script, environment: ["LC_ALL": "C"])
        #expect(result.status == 0)
        #expect(Bytes(result.stdout) == arguments.flatMap { $0 + [0] })
    }
}

/// The same numbers in every run (splitmix64).
private struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
