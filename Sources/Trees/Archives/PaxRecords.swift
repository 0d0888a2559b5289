/// The records of pax extended headers (IEEE Std 1003.1, pax, *pax Extended Header*):
/// `LENGTH KEY=VALUE\n`, one after another, the length counting the whole record.
struct PaxRecords {
    struct Record {
        let key: Bytes
        let value: Bytes
    }

    private(set) var records: [Record] = []

    init() {}

    /// Nil where the text is no list of records.
    init?(_ text: Bytes) {
        var rest = text[...]
        while !rest.isEmpty {
            guard
                let space = rest.prefix(20).firstIndex(of: UInt8(ascii: " ")),
                let length = Self.length(rest[..<space]),
                length <= rest.count, rest.startIndex + length > space + 1
            else { return nil }
            let record = rest[(space + 1)..<(rest.startIndex + length)]
            guard record.last == UInt8(ascii: "\n"),
                let equals = record.firstIndex(of: UInt8(ascii: "=")), equals > record.startIndex
            else { return nil }
            records.append(
                Record(
                    key: Bytes(record[..<equals]), value: Bytes(record[(equals + 1)...].dropLast()))
            )
            rest = rest[(rest.startIndex + length)...]
        }
    }

    private static func length(_ digits: ArraySlice<UInt8>) -> Int? {
        decimal(Bytes(digits)).map { Int(clamping: $0) }
    }

    /// The last value of a key; an empty one takes back what was said before.
    func value(_ key: String) -> Bytes? {
        let value = records.last { $0.key.elementsEqual(key.utf8) }?.value
        return value?.isEmpty == true ? nil : value
    }

    func has(_ key: String) -> Bool { records.contains { $0.key.elementsEqual(key.utf8) } }

    func values(withPrefix prefix: String) -> [Record] {
        records.compactMap { record in
            guard record.key.starts(with: prefix.utf8), record.key.count > prefix.utf8.count
            else { return nil }
            return Record(key: Bytes(record.key.dropFirst(prefix.utf8.count)), value: record.value)
        }
    }

    /// What a global header says, under what a member's own header says.
    func under(_ own: PaxRecords) -> PaxRecords {
        var both = self
        both.records += own.records
        return both
    }
}

/// Digits and nothing else; nil when there are none or too many.
func decimal(_ digits: Bytes) -> UInt64? {
    guard !digits.isEmpty else { return nil }
    var value: UInt64 = 0
    for digit in digits {
        guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
        let (product, overflow) = value.multipliedReportingOverflow(by: 10)
        let (sum, carry) = product.addingReportingOverflow(UInt64(digit - UInt8(ascii: "0")))
        if overflow || carry { return nil }
        value = sum
    }
    return value
}

/// Seconds with an optional sign and fraction, `-1.5`, rounded down; nil for anything else.
func paxTime(_ text: Bytes) -> Int64? {
    let isNegative = text.first == UInt8(ascii: "-")
    let parts = text.dropFirst(isNegative ? 1 : 0)
        .split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
    guard let whole = decimal(Bytes(parts[0])).flatMap({ Int64(exactly: $0) }) else { return nil }
    let fraction = parts.count == 2 ? parts[1] : []
    guard fraction.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
        return nil
    }
    let hasFraction = fraction.contains { $0 != UInt8(ascii: "0") }
    return isNegative ? -whole - (hasFraction ? 1 : 0) : whole
}
