import BakeContract

/// How long each step took, for `bake.timing`. The clock is the machine's: it starts with the
/// kernel, or a little before.
struct BootTiming {
    private struct Entry {
        var name: Bytes
        var text: Bytes
        var start: UInt64
        var end: UInt64
    }

    private var entries: [Entry] = []

    /// `now` is when PID 1 got the machine: what was before belongs to the kernel.
    init(startedAt now: UInt64) {
        entries = [
            Entry(name: "kernel".bytes, text: "start the kernel".bytes, start: 0, end: now)
        ]
    }

    /// The step ran from the end of the one before until now.
    mutating func note(_ step: BootStep, at now: UInt64) {
        guard let stage = step.stage else { return skip(to: now) }
        entries.append(
            Entry(
                name: stage.name.description.bytes, text: step.text,
                start: entries.last?.end ?? 0, end: now))
    }

    /// Time that is no step's: in a debug shell.
    mutating func skip(to now: UInt64) {
        entries.append(
            Entry(
                name: "debug".bytes, text: "a shell".bytes, start: entries.last?.end ?? 0, end: now)
        )
    }

    /// What the console shows.
    func report(_ format: TimingFormat) -> [Bytes] {
        switch format {
        case .table: table
        case .json: ["bake: timing: ".bytes + json.compactText]
        }
    }

    private var table: [Bytes] {
        var lines = ["bake: timing: from ms  took ms  step".bytes]
        for entry in entries {
            lines.append(
                "bake: timing: ".bytes + padded(entry.start, 7) + padded(entry.end - entry.start, 9)
                    + "  ".bytes + entry.name + ": ".bytes + entry.text)
        }
        lines.append("bake: timing: ".bytes + padded(entries.last?.end ?? 0, 7) + " ready".bytes)
        return lines
    }

    private var json: JSONValue {
        var steps: [JSONValue] = []
        for entry in entries {
            steps.append(
                .object([
                    JSONMember("step".bytes, .string(entry.name)),
                    JSONMember("start_ms".bytes, number(entry.start)),
                    JSONMember("took_ms".bytes, number(entry.end - entry.start)),
                ]))
        }
        return .object([
            JSONMember("ready_ms".bytes, number(entries.last?.end ?? 0)),
            JSONMember("steps".bytes, .array(steps)),
        ])
    }

    private func number(_ value: UInt64) -> JSONValue { .number("\(value)".bytes) }

    private func padded(_ value: UInt64, _ width: Int) -> Bytes {
        let digits = "\(value)".bytes
        return Bytes(repeating: UInt8(ascii: " "), count: max(0, width - digits.count)) + digits
    }
}
