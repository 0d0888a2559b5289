internal import BakeContract

/// What the guest said on its status port: `exit N\n` or `failed N TEXT\n`, once, and before it
/// `init\n` where PID 1 made way for an init of the tree.
enum StatusReport {
    private static let handOver = Bytes("init\n".utf8)

    /// Whether the program of the configuration is PID 1: it talks on the console, and how it ends
    /// is how the machine ends.
    static func isHandedOver(_ bytes: Bytes) -> Bool { bytes.starts(with: handOver) }

    /// nil for anything else, an unfinished line included: half a status is none.
    static func outcome(of bytes: Bytes) -> LaunchOutcome? {
        let bytes = isHandedOver(bytes) ? bytes[handOver.count...] : bytes[...]
        guard let end = bytes.firstIndex(of: 0x0a) else { return nil }
        let words = bytes[..<end].split(separator: 0x20, maxSplits: 2)
        guard words.count >= 2, let number = number(words[1]) else { return nil }
        switch String(decoding: words[0], as: UTF8.self) {
        case "exit" where words.count == 2:
            return UInt8(exactly: number).map { .program(status: $0) }
        case "failed":
            let text = words.count == 3 ? String(decoding: words[2], as: UTF8.self) : ""
            return .guestFailed(status: number, text: text)
        default:
            return nil
        }
    }

    private static func number(_ digits: Bytes.SubSequence) -> Int? {
        guard digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int(String(decoding: digits, as: UTF8.self))
    }
}
