internal import BakeContract
internal import Trees

/// One library, or several of which one is enough, that a program says it may open while it runs
/// (systemd.io/ELF_DLOPEN_METADATA).
public struct DlopenNote: Sendable, Hashable {
    public enum Priority: String, Sendable {
        /// The program does not work without it.
        case required
        /// It works, but should have it.
        case recommended
        /// For installations that have everything.
        case suggested
    }

    /// The first that is found counts.
    public var sonames: [[UInt8]]
    public var feature: [UInt8]?
    public var priority: Priority

    public init(sonames: [[UInt8]], feature: [UInt8]? = nil, priority: Priority = .recommended) {
        self.sonames = sonames
        self.feature = feature
        self.priority = priority
    }
}

extension DlopenNote {
    private static let owner = Bytes("FDO\0".utf8)
    private static let type: UInt32 = 0x407c_0c0a
    /// Bytes of one segment or section of notes.
    private static let limit: UInt64 = 1 << 20

    /// From the segments of notes, and from sections that are in none.
    static func read(
        _ segments: [Segment], _ sections: [Section], _ bytes: inout ELFBytes
    ) throws(ELFFailure) -> [DlopenNote] {
        var notes: [DlopenNote] = []
        var seen: Set<UInt64> = []
        let places =
            segments.filter { $0.type == Segment.note }
            .map { ($0.offset, $0.byteCount, $0.alignment) }
            + sections.filter { $0.type == Section.note }
            .map { ($0.offset, $0.byteCount, $0.alignment) }
        for (offset, byteCount, alignment) in places {
            // Notes of odd files are no reason to refuse them: the loader does not read them.
            guard byteCount <= limit, offset <= bytes.byteCount,
                byteCount <= bytes.byteCount - offset
            else { continue }
            let piece = try bytes.bytes(at: offset, count: byteCount, .notes, limit: limit)
            for (start, descriptor) in descriptors(in: piece, alignment: alignment == 8 ? 8 : 4)
            where seen.insert(offset + UInt64(start)).inserted {
                notes += parse(descriptor)
            }
        }
        return notes
    }

    /// Where in the piece, and what (gABI chapter 5, "Note Section").
    private static func descriptors(
        in piece: ELFPiece, alignment: Int
    ) -> [(start: Int, Bytes)] {
        var found: [(start: Int, Bytes)] = []
        var start = 0
        func aligned(_ count: Int) -> Int { (count + alignment - 1) / alignment * alignment }
        while start + 12 <= piece.bytes.count {
            let nameCount = Int(piece.word(at: start))
            let descriptorCount = Int(piece.word(at: start + 4))
            let descriptorStart = aligned(start + 12 + nameCount)
            let end = descriptorStart + descriptorCount
            guard end <= piece.bytes.count else { break }
            if piece.word(at: start + 8) == type,
                piece.bytes[(start + 12)..<(start + 12 + nameCount)].elementsEqual(owner)
            {
                found.append((start, Bytes(piece.bytes[descriptorStart..<end])))
            }
            start = aligned(end)
        }
        return found
    }

    /// An array of objects, or one object as the first version of the specification had it. What
    /// is neither says nothing.
    static func parse(_ descriptor: Bytes) -> [DlopenNote] {
        let text = Bytes(descriptor.prefix { $0 != 0 })
        // A note that is no JSON names no library: there is nothing to bring and nobody to tell,
        // since the program does not read it either.
        let parsed = try? JSONValue.parse(text, file: Bytes("note".utf8))  // as said above
        guard let value = parsed else { return [] }
        return (value.array ?? [value]).compactMap(DlopenNote.init)
    }

    private init?(_ value: JSONValue) {
        guard let soname = value["soname"] else { return nil }
        sonames = (soname.array ?? [soname]).compactMap(\.string).filter { name in
            !name.isEmpty && !name.contains(0)
        }
        guard !sonames.isEmpty else { return nil }
        feature = value["feature"]?.string
        let word = value["priority"]?.string.map { String(decoding: $0, as: UTF8.self) }
        priority = word.flatMap(Priority.init) ?? .recommended
    }
}
