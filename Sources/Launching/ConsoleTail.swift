internal import BakeContract

/// The last bytes of the serial console; older ones are forgotten.
struct ConsoleTail {
    static let limitByteCount = 16384

    private(set) var bytes: Bytes = []

    mutating func append(_ more: some Collection<UInt8>) {
        bytes += more
        if bytes.count > 2 * Self.limitByteCount {
            bytes.removeFirst(bytes.count - Self.limitByteCount)
        }
    }

    /// The end, starting with a whole line where there is one.
    var lastBytes: Bytes {
        guard bytes.count > Self.limitByteCount else { return bytes }
        let end = bytes.suffix(Self.limitByteCount)
        guard let newline = end.firstIndex(of: 0x0a) else { return Bytes(end) }
        return Bytes(end[(newline + 1)...])
    }

    /// The lines of some console text without terminal control sequences (firmware clears the
    /// screen and colours its text), without what a carriage return overwrote, without empty ones.
    static func printableLines(_ bytes: Bytes) -> [String] {
        withoutControlSequences(bytes).split(separator: 0x0a).compactMap { line in
            let shown = line.split(separator: 0x0d).last ?? []
            let text = shown.filter { $0 == 0x09 || ($0 >= 0x20 && $0 != 0x7f) }
            return text.allSatisfy { $0 == 0x20 } ? nil : String(decoding: text, as: UTF8.self)
        }
    }

    /// Drops `ESC [ ... final` (ECMA-48, control sequences) and two-byte escapes.
    private static func withoutControlSequences(_ bytes: Bytes) -> Bytes {
        var result: Bytes = []
        var index = 0
        while index < bytes.count {
            guard bytes[index] == 0x1b else {
                result.append(bytes[index])
                index += 1
                continue
            }
            index += 1
            if index < bytes.count, bytes[index] == 0x5b {
                index += 1
                while index < bytes.count, (0x20...0x3f).contains(bytes[index]) { index += 1 }
            }
            index += 1
        }
        return result
    }
}
