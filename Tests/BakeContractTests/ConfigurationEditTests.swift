import BakeContract
import Testing

/// What `bake set` makes of a baked configuration, what was set before, and a change.
@Suite struct ConfigurationEditTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let baked: String?
        var room = "{}"
        let change: String
        var isReset = false
        /// The new patch.
        let patch: String

        var testDescription: String { "\(baked ?? "nothing") + \(room) + \(change)" }
    }

    static let cases = [
        Case(baked: nil, change: #"{"hostname":"a"}"#, patch: #"{"hostname":"a"}"#),
        Case(baked: #"{"hostname":"a"}"#, change: #"{"hostname":"a"}"#, patch: "{}"),
        Case(
            baked: #"{"hostname":"a"}"#, room: #"{"hostname":"b"}"#, change: #"{"hostname":"a"}"#,
            patch: "{}"),
        Case(
            baked: #"{"hostname":"a"}"#, change: #"{"hostname":null}"#,
            patch: #"{"hostname":null}"#),
        Case(
            baked: #"{"env":{"A":"1","B":"2"}}"#, room: #"{"env":{"A":null}}"#,
            change: #"{"env":{"C":"3"}}"#, patch: #"{"env":{"A":null,"C":"3"}}"#),
        Case(
            baked: #"{"env":["A=1","B=2"]}"#, change: #"{"env":{"A":null}}"#,
            patch: #"{"env":{"A":null}}"#),
        Case(
            baked: #"{"env":{"A":"1"}}"#, room: #"{"env":{"A":"2"},"hostname":"x"}"#,
            change: #"{"hostname":"y"}"#, isReset: true, patch: #"{"hostname":"y"}"#),
        // Who says what to run replaces whatever was to run before.
        Case(
            baked: #"{"cmdline":"/a","arguments":["x"]}"#, change: #"{"rc":[{"bin":"/b"}]}"#,
            patch: #"{"arguments":null,"cmdline":null,"rc":[{"bin":"/b"}]}"#),
        Case(
            baked: #"{"cmdline":"/a"}"#, room: #"{"cmdline":null,"rc":[{"bin":"/b"}]}"#,
            change: #"{"cmdline":"/a"}"#, patch: "{}"),
        Case(
            baked: #"{"net":[{"method":"dhcp"}]}"#, change: #"{"net":[]}"#, patch: #"{"net":[]}"#),
    ]

    @Test(arguments: cases)
    func newPatch(_ one: Case) throws {
        let outcome = try edit(one.change, isReset: one.isReset)
            .outcome(baked: one.baked.map { Bytes($0.utf8) }, room: Bytes(one.room.utf8))
        #expect(String(decoding: outcome.patch.sorted.compactText, as: UTF8.self) == one.patch)
        // The machine that boots with it decides the same.
        let booted = try EffectiveConfiguration.booting(
            baked: one.baked.map { Bytes($0.utf8) }, room: outcome.patch.compactText,
            commandLine: [])
        #expect(booted.value.sorted == outcome.effective.value.sorted)
        #expect(booted.configuration == outcome.effective.configuration)
    }

    @Test(arguments: [
        (#"{"hostname":5}"#, "'hostname' must be a string"),
        (#"{"hostnam":"x"}"#, "unknown key 'hostnam', did you mean 'hostname'?"),
        (#"{"cmdline":"/a","init":"/b"}"#, "'cmdline' and 'init' both say what to run, keep one"),
        (#"{"hostname":"a"#, "this string has no closing quote"),
    ])
    func refused(change: String, problem: String) throws {
        let error = #expect(throws: ConfigurationError.self) {
            try edit(change).outcome(baked: Bytes("{}".utf8), room: Bytes("{}".utf8))
        }
        #expect(error?.problem.description == problem)
    }

    /// A newer bake may have baked keys that this one does not know.
    @Test func unknownKeysOfTheImageStay() throws {
        let outcome = try edit(#"{"hostname":"x"}"#)
            .outcome(baked: Bytes(#"{"novelty":1}"#.utf8), room: Bytes("{}".utf8))
        #expect(outcome.patch == .object([JSONMember(Bytes("hostname".utf8), .text("x"))]))
    }

    private func edit(_ change: String, isReset: Bool = false) -> ConfigurationEdit {
        ConfigurationEdit(
            isReset: isReset,
            changes: [
                JSONFileSource(
                    kind: .room, file: Bytes("command line".utf8), text: Bytes(change.utf8))
            ])
    }
}

@Suite struct PatchBetweenTests {
    @Test(arguments: [
        ("{}", #"{"a":1}"#, #"{"a":1}"#),
        (#"{"a":1}"#, "{}", #"{"a":null}"#),
        (
            #"{"a":{"b":1,"c":[1,2]}}"#, #"{"a":{"c":[1],"d":{}}}"#,
            #"{"a":{"b":null,"c":[1],"d":{}}}"#
        ),
        (#"{"a":{"b":1}}"#, #"{"a":{}}"#, #"{"a":{"b":null}}"#),
        (#"{"a":5}"#, #"{"a":{}}"#, #"{"a":{}}"#),
        (#"{"a":{}}"#, #"{"a":5}"#, #"{"a":5}"#),
        (#"{"a":{"b":1,"c":2}}"#, #"{"a":{"c":2,"b":1}}"#, "{}"),
        (#"{"a":[1]}"#, #"{"a":[]}"#, #"{"a":[]}"#),
    ])
    func smallestPatch(from: String, to: String, patch: String) throws {
        let from = try JSONValue.parse(Bytes(from.utf8), file: [])
        let to = try JSONValue.parse(Bytes(to.utf8), file: [])
        let made = from.patch(to: to)
        #expect(String(decoding: made.sorted.compactText, as: UTF8.self) == patch)
        #expect(from.merged(with: made).sorted == to.sorted)
    }
}
