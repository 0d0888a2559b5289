internal import Trees

extension ELFFile {
    /// Tags of gABI figure 5-10 and of GNU's, as in elf.h.
    private enum Tag {
        static let null: UInt64 = 0
        static let needed: UInt64 = 1
        static let hash: UInt64 = 4
        static let strings: UInt64 = 5
        static let symbols: UInt64 = 6
        static let stringByteCount: UInt64 = 10
        static let symbolByteCount: UInt64 = 11
        static let soname: UInt64 = 14
        static let rpath: UInt64 = 15
        static let runpath: UInt64 = 29
        static let gnuHash: UInt64 = 0x6fff_fef5
        static let depaudit: UInt64 = 0x6fff_fefb
        static let audit: UInt64 = 0x6fff_fefc
        static let flags1: UInt64 = 0x6fff_fffb
        static let auxiliary: UInt64 = 0x7fff_fffd
        static let filter: UInt64 = 0x7fff_ffff
    }

    /// DF_1_NODEFLIB.
    private static let noDefaultLibraries: UInt64 = 0x800
    /// Bytes of a dynamic section; the largest programs have some hundred entries.
    private static let dynamicLimit: UInt64 = 1 << 16

    mutating func readDynamic(
        _ segment: Segment, _ segments: [Segment], _ sections: [Section],
        _ bytes: inout ELFBytes
    ) throws(ELFFailure) {
        let piece = try bytes.bytes(
            at: segment.offset, count: segment.byteCount, .dynamicSection,
            limit: Self.dynamicLimit)
        let entries = Self.entries(of: piece)
        func first(_ tag: UInt64) -> UInt64? { entries.first { $0.tag == tag }?.value }
        func offset(of address: UInt64?) -> UInt64? {
            guard let address else { return nil }
            return segments.lazy.compactMap { $0.offset(of: address) }.first
        }

        if let start = offset(of: first(Tag.strings)) {
            let count = first(Tag.stringByteCount) ?? 0
            guard start <= bytes.byteCount, count <= bytes.byteCount - start else {
                throw .flaw(.outside(.strings))
            }
            strings = start..<(start + count)
        }
        for entry in entries { try take(entry.tag, entry.value, &bytes) }
        if runpath != nil { rpath = nil }

        guard let start = offset(of: first(Tag.symbols)) else { return }
        let stride = Int(clamping: first(Tag.symbolByteCount) ?? 0)
        guard stride >= (bytes.isWide ? 24 : 16), stride <= 4096 else { return }
        let counter = SymbolCounter(
            start: start, stride: stride, hash: offset(of: first(Tag.hash)),
            gnuHash: offset(of: first(Tag.gnuHash)), stringStart: strings?.lowerBound,
            section: sections.first { $0.type == Section.dynamicSymbols && $0.offset == start })
        symbols = SymbolTable(
            offset: start, count: try counter.count(&bytes), stride: stride)
    }

    private static func entries(of piece: ELFPiece) -> [(tag: UInt64, value: UInt64)] {
        let stride = piece.isWide ? 16 : 8
        var entries: [(tag: UInt64, value: UInt64)] = []
        var start = 0
        while start + stride <= piece.bytes.count {
            let tag = piece.address(at: start)
            if tag == Tag.null { break }
            entries.append((tag, piece.address(at: start + stride / 2)))
            start += stride
        }
        return entries
    }

    private mutating func take(
        _ tag: UInt64, _ value: UInt64, _ bytes: inout ELFBytes
    ) throws(ELFFailure) {
        switch tag {
        case Tag.needed: needed.append(try string(value, &bytes))
        case Tag.soname: soname = try string(value, &bytes)
        case Tag.rpath: rpath = try string(value, &bytes)
        case Tag.runpath: runpath = try string(value, &bytes)
        case Tag.filter: filters.append(try string(value, &bytes))
        case Tag.auxiliary: auxiliaries.append(try string(value, &bytes))
        // Several names with colons between them.
        case Tag.audit, Tag.depaudit:
            audits += try string(value, &bytes).split(separator: UInt8(ascii: ":")).map(Bytes.init)
        case Tag.flags1: skipsDefaultDirectories = value & Self.noDefaultLibraries != 0
        default: break
        }
    }

    private func string(
        _ offset: UInt64, _ bytes: inout ELFBytes
    ) throws(ELFFailure) -> Bytes {
        guard let strings, offset < strings.upperBound - strings.lowerBound else {
            throw .flaw(.outside(.strings))
        }
        return try bytes.string(
            at: strings.lowerBound + offset, within: strings.upperBound, .strings)
    }
}

/// How many dynamic symbols there are: nothing in a dynamic section says so plainly.
struct SymbolCounter {
    let start: UInt64
    let stride: Int
    /// DT_HASH and DT_GNU_HASH, in the file.
    let hash: UInt64?
    let gnuHash: UInt64?
    let stringStart: UInt64?
    let section: Section?

    /// Symbols. Chromium has some 10,000 dynamic ones.
    private static let limit = 1 << 22

    /// 0 where the tables make no sense: only the name services need to know.
    func count(_ bytes: inout ELFBytes) throws(ELFFailure) -> Int {
        let found: UInt64
        do {
            found = try counted(&bytes)
        } catch .flaw {
            return 0
        }
        let room = start <= bytes.byteCount ? (bytes.byteCount - start) / UInt64(stride) : 0
        return Int(min(found, room, UInt64(Self.limit)))
    }

    private func counted(_ bytes: inout ELFBytes) throws(ELFFailure) -> UInt64 {
        // DT_HASH's second word is the number of symbols (gABI chapter 5, "Hash Table").
        if let hash {
            return UInt64(try bytes.bytes(at: hash, count: 8, .symbols, limit: 8).word(at: 4))
        }
        if let section { return section.byteCount / UInt64(stride) }
        if let gnuHash, let count = try countByChains(gnuHash, &bytes) { return count }
        // Every linker puts the strings behind the symbols.
        if let stringStart, stringStart > start { return (stringStart - start) / UInt64(stride) }
        return 0
    }

    /// The highest symbol a bucket begins with, and on to the end of its chain, which has the
    /// lowest bit set. Nil for a table of no symbols, which says nothing about those before it.
    private func countByChains(
        _ table: UInt64, _ bytes: inout ELFBytes
    ) throws(ELFFailure) -> UInt64? {
        let header = try bytes.bytes(at: table, count: 16, .symbols, limit: 16)
        let bucketCount = UInt64(header.word(at: 0))
        let firstHashed = UInt64(header.word(at: 4))
        let filterByteCount = UInt64(header.word(at: 8)) * (bytes.isWide ? 8 : 4)
        let buckets = try bytes.bytes(
            at: table + 16 + filterByteCount, count: bucketCount * 4, .symbols,
            limit: UInt64(Self.limit) * 4)
        var last = (0..<Int(bucketCount)).map { UInt64(buckets.word(at: $0 * 4)) }.max() ?? 0
        guard last >= firstHashed, last > 0 else { return nil }
        let chains = table + 16 + filterByteCount + bucketCount * 4
        while last < UInt64(Self.limit) {
            let link = try bytes.bytes(
                at: chains + (last - firstHashed) * 4, count: 4, .symbols, limit: 4)
            last += 1
            if link.word(at: 0) & 1 != 0 { break }
        }
        return last
    }
}
