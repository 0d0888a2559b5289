internal import BakeContract

/// The front of an image: the kernel's setup sectors, PE headers and section table behind them.
///
/// Layout: docs/image-format.md, *Setup area*; Documentation/arch/x86/boot.rst; the PE format,
/// *Optional Header* and *Section Table*.
struct SetupArea {
    let bytes: Bytes

    private static let sectorByteCount = 512
    private static let setupSectorCountOffset = 0x1f1
    private static let headerByteCount = 0x210
    private static let bootFlag = (offset: 0x1fe, value: UInt16(0xaa55))
    private static let magic = (offset: 0x202, value: UInt32(0x5372_6448))  // "HdrS"

    /// Reads as many bytes as the setup header says it has.
    init(of file: InputFile) throws(ImageError) {
        let head = try file.bytes(in: 0..<min(Self.headerByteCount, file.byteCount), of: .setup)
        guard head.littleEndian(UInt16.self, at: Self.bootFlag.offset) == Self.bootFlag.value,
            head.littleEndian(UInt32.self, at: Self.magic.offset) == Self.magic.value
        else { throw .malformed(part: .setup, flaw: .wrongMagic) }
        let sectorCount = Int(head[Self.setupSectorCountOffset]) + 1
        self.bytes = try file.bytes(in: 0..<sectorCount * Self.sectorByteCount, of: .setup)
    }

    /// The boot record in the stub that follows.
    func bootRecord(in file: InputFile) throws(ImageError) -> BootRecord {
        let start = bytes.count + BootRecord.payloadOffset
        return try BootRecord(
            decoding: try file.bytes(in: start..<start + BootRecord.byteCount, of: .stub))
    }
}

/// Offsets in the PE headers of an image.
struct HeaderLocations {
    /// CheckSum of the optional header.
    let checksum: Range<Int>
    /// The certificate table's entry of the data directory: file offset and length.
    let certificateEntry: Range<Int>
    let sectionTable: Range<Int>

    static let sectionHeaderByteCount = 40
    private static let headerOffsetOffset = 0x3c  // e_lfanew
    private static let signature = Array("PE\0\0".utf8)
    private static let coffByteCount = 24
    private static let magicPE32Plus: UInt16 = 0x20b
    private static let checksumOffset = 64
    private static let certificateEntryOffset = 144

    init(_ setup: SetupArea) throws(ImageError) {
        let bytes = setup.bytes
        let field = bytes.littleEndian(UInt32.self, at: Self.headerOffsetOffset)
        guard let start = field.map(Int.init), start <= bytes.count,
            bytes[start...].starts(with: Self.signature)
        else { throw .malformed(part: .setup, flaw: .badField("e_lfanew")) }
        let optional = start + Self.coffByteCount
        guard let sectionCount = bytes.littleEndian(UInt16.self, at: start + 6),
            let optionalByteCount = bytes.littleEndian(UInt16.self, at: start + 20),
            bytes.littleEndian(UInt16.self, at: optional) == Self.magicPE32Plus,
            Int(optionalByteCount) >= Self.certificateEntryOffset + 8
        else { throw .malformed(part: .setup, flaw: .badField("PE header")) }
        let table = optional + Int(optionalByteCount)
        let tableEnd = table + Int(sectionCount) * Self.sectionHeaderByteCount
        guard tableEnd <= bytes.count else {
            throw .malformed(
                part: .setup, flaw: .outside(range: "section table", limitByteCount: bytes.count))
        }
        self.checksum = optional + Self.checksumOffset..<optional + Self.checksumOffset + 4
        self.certificateEntry =
            optional + Self.certificateEntryOffset..<optional + Self.certificateEntryOffset + 8
        self.sectionTable = table..<tableEnd
    }
}

/// One entry of the PE section table, the index that UEFI and tools for UKIs read.
public struct ImageSection: Equatable, Sendable {
    public let name: String
    /// File offsets of its content, without padding.
    public let range: Range<Int>
}

extension SetupArea {
    /// The section table; every range lies inside the file.
    func sections(fileByteCount: Int) throws(ImageError) -> [ImageSection] {
        let table = try HeaderLocations(self).sectionTable
        let size = HeaderLocations.sectionHeaderByteCount
        return try stride(from: table.lowerBound, to: table.upperBound, by: size).map {
            offset throws(ImageError) in
            let header = Array(bytes[offset..<offset + size])
            let name = String(decoding: header.prefix(8).prefix { $0 != 0 }, as: UTF8.self)
            guard let virtualByteCount = header.littleEndian(UInt32.self, at: 8),
                let rawByteCount = header.littleEndian(UInt32.self, at: 16),
                let start = header.littleEndian(UInt32.self, at: 20).map(Int.init)
            else { throw .malformed(part: .setup, flaw: .badField("section table")) }
            let end = start + Int(min(virtualByteCount, rawByteCount))
            guard end <= fileByteCount else {
                throw .malformed(
                    part: .setup,
                    flaw: .outside(range: "section \(name)", limitByteCount: fileByteCount))
            }
            return ImageSection(name: name, range: start..<end)
        }
    }
}
