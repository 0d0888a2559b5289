internal import BakeContract

extension EFIStub {
    /// The stub with every address moved up by `distance`, a multiple of 0x1000, so that it begins
    /// behind headers that are longer than the ones it was linked for. The optional header's
    /// addresses are `PEHeaders`' to move.
    ///
    /// Code addresses data relative to itself, so moving everything together keeps that. Absolute
    /// addresses in the image are the ones .reloc lists: they move, and so do the pages it names.
    func shifted(by distance: Int) throws(ImageError) -> EFIStub {
        guard distance > 0 else { return self }
        var moved = self
        for index in moved.sections.indices {
            moved.sections[index].address += distance
        }
        guard let relocationSection = try relocationSection() else { return moved }
        for block in try RelocationBlock.all(in: sections[relocationSection].content) {
            for word in block.words {
                try moved.add(distance, to: word, at: block.pageAddress + word.offset + distance)
            }
            moved.sections[relocationSection].content.store(
                littleEndian: UInt32(block.pageAddress + distance), at: block.offset)
        }
        return moved
    }

    /// Index of the section that the data directory points to; nil where it points nowhere.
    private func relocationSection() throws(ImageError) -> Int? {
        let field = PE.Optional.directories + 8 * PE.Directory.baseRelocations
        let address = Int(try Self.number(UInt32.self, at: field, in: optionalHeader))
        guard address != 0 else { return nil }
        guard let index = sections.firstIndex(where: { $0.address == address }) else {
            throw .malformed(part: .efiStub, flaw: .badField("base relocation directory"))
        }
        return index
    }

    private mutating func add(
        _ distance: Int, to word: RelocationBlock.Word, at address: Int
    ) throws(ImageError) {
        let end = address + word.byteCount
        guard
            let index = sections.firstIndex(where: {
                $0.address <= address && end <= $0.address + $0.content.count
            })
        else { throw .malformed(part: .efiStub, flaw: .badField("base relocation address")) }
        let offset = address - sections[index].address
        let content = sections[index].content
        if word.byteCount == 4 {
            let value = try Self.number(UInt32.self, at: offset, in: content)
            sections[index].content.store(littleEndian: value &+ UInt32(distance), at: offset)
        } else {
            let value = try Self.number(UInt64.self, at: offset, in: content)
            sections[index].content.store(littleEndian: value &+ UInt64(distance), at: offset)
        }
    }
}

/// A block of .reloc: the words of one page that hold absolute addresses.
/// Layout: the PE format, *The .reloc Section*.
struct RelocationBlock: Equatable {
    struct Word: Equatable {
        /// In the page.
        var offset: Int
        /// 4 or 8.
        var byteCount: Int
    }

    /// Where the block stands in .reloc.
    var offset: Int
    var pageAddress: Int
    var words: [Word]

    private static let headerByteCount = 8
    private static let filler: UInt16 = 0  // IMAGE_REL_BASED_ABSOLUTE
    private static let word32: UInt16 = 3  // IMAGE_REL_BASED_HIGHLOW
    private static let word64: UInt16 = 10  // IMAGE_REL_BASED_DIR64

    static func all(in content: Bytes) throws(ImageError) -> [RelocationBlock] {
        var blocks: [RelocationBlock] = []
        var offset = 0
        while offset + headerByteCount <= content.count {
            let byteCount = Int(try EFIStub.number(UInt32.self, at: offset + 4, in: content))
            guard byteCount > 0 else { break }
            guard byteCount >= headerByteCount, byteCount <= content.count - offset else {
                throw .malformed(part: .efiStub, flaw: .badField("base relocation block"))
            }
            var block = RelocationBlock(
                offset: offset,
                pageAddress: Int(try EFIStub.number(UInt32.self, at: offset, in: content)),
                words: [])
            for entry in stride(
                from: offset + headerByteCount, to: offset + byteCount - 1, by: 2)
            {
                try block.append(try EFIStub.number(UInt16.self, at: entry, in: content))
            }
            blocks.append(block)
            offset += byteCount
        }
        return blocks
    }

    private mutating func append(_ entry: UInt16) throws(ImageError) {
        let offset = Int(entry & 0x0fff)
        switch entry >> 12 {
        case Self.filler: break
        case Self.word32: words.append(Word(offset: offset, byteCount: 4))
        case Self.word64: words.append(Word(offset: offset, byteCount: 8))
        default: throw .malformed(part: .efiStub, flaw: .badField("base relocation type"))
        }
    }
}
