import BakeContract
import Testing

@testable import Images

@Suite struct EFIStubTests {
    /// One section of code at 0x1000, one of data at 0x2000 with two absolute addresses that
    /// .reloc at 0x3000 lists, and one at an unaligned address.
    static let file = PEFile(
        sections: [
            .init(name: ".text", address: 0x1000, content: Bytes(repeating: 0x90, count: 300)),
            .init(
                name: ".data", address: 0x2000,
                content: [0x34, 0x12, 0, 0, 0, 0, 0, 0] + [0x78, 0x16, 0, 0] + [1, 2, 3, 4]),
            .init(
                name: ".reloc", address: 0x3000,
                content: [0, 0x20, 0, 0, 14, 0, 0, 0, 0x00, 0xa0, 0x08, 0x30, 0, 0]),
            .init(name: ".sdmagic", address: 0x3100, content: [7, 7, 7]),
        ], relocations: 0x3000)

    @Test func takesSectionsApart() throws {
        let stub = try EFIStub(Self.file.bytes)
        #expect(stub.sections.map(\.address) == [0x1000, 0x2000, 0x3000, 0x3100])
        #expect(stub.sections.map(\.content.count) == [300, 16, 14, 3])
        #expect(stub.sections[0].content.allSatisfy { $0 == 0x90 })
        #expect(stub.firstAddress == 0x1000)
    }

    @Test func absoluteAddressesMoveWithTheSections() throws {
        let moved = try EFIStub(Self.file.bytes).shifted(by: 0x5000)
        #expect(moved.sections.map(\.address) == [0x6000, 0x7000, 0x8000, 0x8100])
        let data: Bytes = [0x34, 0x62, 0, 0, 0, 0, 0, 0] + [0x78, 0x66, 0, 0] + [1, 2, 3, 4]
        #expect(moved.sections[1].content == data)
        #expect(moved.sections[2].content.prefix(8) == [0, 0x70, 0, 0, 14, 0, 0, 0])
        #expect(moved.sections[2].content.dropFirst(8) == [0x00, 0xa0, 0x08, 0x30, 0, 0])
        #expect(try EFIStub(Self.file.bytes).shifted(by: 0) == EFIStub(Self.file.bytes))
    }

    @Test func headersLeadToStubAndParts() throws {
        let parts = [
            PEHeaders.PartSection(name: ".bake", range: 0xa000..<0xa123),
            PEHeaders.PartSection(name: ".initrd", range: 0x2_0000..<0x9_0001),
        ]
        let stub = try EFIStub(Self.file.bytes)
        let headers = try PEHeaders(
            stub: stub, stubOffsets: [0xc000, 0xc200, 0xc400, 0xc600], parts: parts,
            headersByteCount: 0x6000)
        let table = headers.entries.map { entry in
            "\(text(entry.name)) \(entry.virtualByteCount) \(hex(entry.address)) "
                + "\(hex(entry.rawByteCount)) \(hex(entry.rawOffset))"
        }
        #expect(
            table == [
                ".text 300 6000 200 c000", ".data 16 7000 200 c200", ".reloc 14 8000 200 c400",
                ".sdmagic 3 9000 200 c600", ".bake 291 a000 200 a000",
                ".initrd 458753 b000 70200 20000",
            ])
        let bytes = try headers.encoded()
        #expect(bytes.count == PEHeaders.byteCount(stub: stub, partCount: parts.count))
        #expect(bytes.littleEndian(UInt16.self, at: PE.COFF.sectionCount) == 6)
        #expect(optional(bytes, PE.Optional.entryPoint) == 0x6010)
        #expect(optional(bytes, PE.Optional.codeBase) == 0x6000)
        #expect(optional(bytes, PE.Optional.headersByteCount) == 0x6000)
        #expect(optional(bytes, PE.Optional.imageByteCount) == 0x7_c000)
        #expect(optional(bytes, PE.Optional.sectionAlignment) == 0x1000)
        #expect(optional(bytes, PE.Optional.fileAlignment) == 0x200)
        #expect(optional(bytes, PE.Optional.checksum) == 0)
        #expect(optional(bytes, PE.Optional.directories + 8 * 4) == 0)
        #expect(optional(bytes, PE.Optional.directories + 8 * 5) == 0x8000)
    }

    @Test(arguments: [
        (Bytes(), FormatFlaw.truncated(byteCount: 0, neededByteCount: 0x3c)),
        (Bytes(repeating: 0, count: 512), .wrongMagic),
        (PEFile(machine: 0xaa64).bytes, .badField("machine")),
        (PEFile(sections: []).bytes, .badField("section count")),
        (PEFile(importAddress: 0x1000).bytes, .badField("data directory 1")),
    ])
    func refuses(file: Bytes, flaw: FormatFlaw) {
        #expect(throws: ImageError.malformed(part: .efiStub, flaw: flaw)) { try EFIStub(file) }
    }

    @Test(arguments: [
        (Bytes([0, 0x20, 0, 0, 14, 0, 0, 0, 0x00, 0x50]), "base relocation block"),
        ([0, 0x20, 0, 0, 10, 0, 0, 0, 0x00, 0x50], "base relocation type"),
        ([0, 0x90, 0, 0, 10, 0, 0, 0, 0x00, 0xa0], "base relocation address"),
    ])
    func refusesRelocationsItCannotMove(content: Bytes, field: String) throws {
        var file = Self.file
        file.sections[2].content = content
        let stub = try EFIStub(file.bytes)
        #expect(throws: ImageError.malformed(part: .efiStub, flaw: .badField(field))) {
            try stub.shifted(by: 0x1000)
        }
    }

    @Test func everyTruncationIsAnError() {
        let whole = Self.file.bytes
        for byteCount in stride(from: 0, to: whole.count - 512, by: 7) {
            #expect(throws: ImageError.self) { try EFIStub(Array(whole[..<byteCount])) }
        }
    }

    private func optional(_ bytes: Bytes, _ field: Int) -> UInt32? {
        bytes.littleEndian(UInt32.self, at: PE.coffByteCount + field)
    }

    private func text(_ name: Bytes) -> String {
        String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
    }

    private func hex(_ number: Int) -> String { String(number, radix: 16) }
}
