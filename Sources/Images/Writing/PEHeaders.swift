internal import BakeContract

/// The headers that make an image a UEFI application: those of systemd's EFI stub, with the
/// image's parts as sections that the stub finds by name.
///
/// Layout: docs/image-format.md, *Setup area*.
struct PEHeaders {
    /// A section of the image's own: read by name, never run.
    struct PartSection: Equatable {
        var name: String
        /// File offset and length of what it holds.
        var range: Range<Int>
    }

    /// One entry of the section table.
    struct Entry: Equatable {
        var name: Bytes
        var virtualByteCount: Int
        var address: Int
        var rawByteCount: Int
        var rawOffset: Int
        var characteristics: UInt32

        /// The next address that a section may have.
        var end: Int { (address + virtualByteCount).roundedUp(toMultipleOf: PE.sectionAlignment) }
    }

    /// The stub at the addresses it has in the image.
    let stub: EFIStub
    /// In the order of their addresses.
    let entries: [Entry]
    private let shift: Int
    private let headersByteCount: Int

    /// - Parameters:
    ///   - stub: as its package has it.
    ///   - stubOffsets: the file offset of each of its sections.
    ///   - headersByteCount: where the payload begins; a multiple of 0x1000.
    init(
        stub: EFIStub, stubOffsets: [Int], parts: [PartSection], headersByteCount: Int
    ) throws(ImageError) {
        self.headersByteCount = headersByteCount
        self.shift = max(
            0,
            (headersByteCount - stub.firstAddress).roundedUp(toMultipleOf: PE.sectionAlignment))
        self.stub = try stub.shifted(by: shift)
        self.entries = Self.table(self.stub, at: stubOffsets, parts: parts)
    }

    /// How long headers with this many sections are.
    static func byteCount(stub: EFIStub, partCount: Int) -> Int {
        PE.coffByteCount + stub.optionalHeader.count
            + (stub.sections.count + partCount) * PE.sectionByteCount
    }

    func encoded() throws(ImageError) -> Bytes {
        var bytes = try coffHeader() + (try optionalHeader())
        for entry in entries {
            bytes += encoded(entry)
        }
        return bytes
    }

    private static func table(
        _ stub: EFIStub, at offsets: [Int], parts: [PartSection]
    ) -> [Entry] {
        let sections = zip(stub.sections, offsets).map { section, offset in
            Entry(
                name: section.name, virtualByteCount: section.virtualByteCount,
                address: section.address,
                rawByteCount: section.content.count.roundedUp(toMultipleOf: PE.fileAlignment),
                rawOffset: section.content.isEmpty ? 0 : offset,
                characteristics: section.characteristics)
        }
        // Where sections are aligned to 0x1000 no other address is allowed. What the stub has
        // elsewhere (`.sdmagic` of systemd 252) is found by name, so it may go anywhere.
        let isAligned = { (entry: Entry) in entry.address % PE.sectionAlignment == 0 }
        var table = sections.filter(isAligned).sorted { $0.address < $1.address }
        for section in sections where !isAligned(section) {
            table.append(section, at: table.last?.end ?? 0)
        }
        for part in parts {
            let entry = Entry(
                name: Array(part.name.utf8), virtualByteCount: part.range.count, address: 0,
                rawByteCount: part.range.count.roundedUp(toMultipleOf: PE.fileAlignment),
                rawOffset: part.range.lowerBound, characteristics: PE.Section.readOnlyData)
            table.append(entry, at: table.last?.end ?? 0)
        }
        return table
    }

    private func coffHeader() throws(ImageError) -> Bytes {
        var header = stub.coffHeader
        header.store(littleEndian: UInt16(entries.count), at: PE.COFF.sectionCount)
        header.store(littleEndian: UInt32(0), at: PE.COFF.time)
        header.store(littleEndian: UInt32(0), at: PE.COFF.symbolTable)
        header.store(littleEndian: UInt32(0), at: PE.COFF.symbolCount)
        return header
    }

    private func optionalHeader() throws(ImageError) -> Bytes {
        typealias Field = PE.Optional
        var header = stub.optionalHeader
        for address in [Field.entryPoint, Field.codeBase] {
            try move(address, in: &header)
        }
        for directory in [PE.Directory.baseRelocations, PE.Directory.debug] {
            try move(Field.directories + 8 * directory, in: &header)
        }
        // A signature over the stub alone says nothing about the image.
        header.store(
            littleEndian: UInt64(0), at: Field.directories + 8 * PE.Directory.certificates)
        header.store(littleEndian: UInt32(PE.sectionAlignment), at: Field.sectionAlignment)
        header.store(littleEndian: UInt32(PE.fileAlignment), at: Field.fileAlignment)
        header.store(littleEndian: UInt32(headersByteCount), at: Field.headersByteCount)
        header.store(littleEndian: UInt32(0), at: Field.checksum)
        try store(entries.last?.end ?? 0, "SizeOfImage", at: Field.imageByteCount, in: &header)
        let data = entries.filter { $0.characteristics & PE.Section.initializedData != 0 }
        try store(
            data.reduce(0) { $0 + $1.rawByteCount }, "SizeOfInitializedData",
            at: Field.initializedDataByteCount, in: &header)
        return header
    }

    private func move(_ field: Int, in header: inout Bytes) throws(ImageError) {
        let address = try EFIStub.number(UInt32.self, at: field, in: header)
        guard address != 0 else { return }
        try store(Int(address) + shift, "address", at: field, in: &header)
    }

    private func store(
        _ value: Int, _ name: String, at field: Int, in header: inout Bytes
    ) throws(ImageError) {
        guard let number = UInt32(exactly: value) else {
            throw .malformed(part: .efiStub, flaw: .badField(name))
        }
        header.store(littleEndian: number, at: field)
    }

    private func encoded(_ entry: Entry) -> Bytes {
        var bytes = Bytes(repeating: 0, count: PE.sectionByteCount)
        bytes.replaceSubrange(..<entry.name.count, with: entry.name)
        bytes.store(
            littleEndian: UInt32(entry.virtualByteCount), at: PE.Section.virtualByteCount)
        bytes.store(littleEndian: UInt32(entry.address), at: PE.Section.address)
        bytes.store(littleEndian: UInt32(entry.rawByteCount), at: PE.Section.rawByteCount)
        bytes.store(littleEndian: UInt32(entry.rawOffset), at: PE.Section.rawOffset)
        bytes.store(littleEndian: entry.characteristics, at: PE.Section.characteristics)
        return bytes
    }
}

extension [PEHeaders.Entry] {
    fileprivate mutating func append(_ entry: PEHeaders.Entry, at address: Int) {
        var placed = entry
        placed.address = address
        append(placed)
    }
}
