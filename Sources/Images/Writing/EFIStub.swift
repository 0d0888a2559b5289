internal import BakeContract

/// systemd's EFI stub, taken apart: the headers that ours are made from, and its sections. The
/// front of an image will do as well: the sections that name its parts are left out.
///
/// Layout: the PE format, *COFF File Header*, *Optional Header*, *Section Table*.
struct EFIStub: Equatable {
    struct Section: Equatable {
        /// Eight bytes, filled up with zeros.
        var name: Bytes
        var virtualByteCount: Int
        /// Relative to where the image is loaded.
        var address: Int
        /// At most `virtualByteCount` bytes; the rest of the section is zeros.
        var content: Bytes
        var characteristics: UInt32
    }

    /// `PE\0\0` and the COFF header.
    let coffHeader: Bytes
    /// With its data directories.
    let optionalHeader: Bytes
    var sections: [Section]

    init(_ file: Bytes) throws(ImageError) {
        let start = Int(try Self.number(UInt32.self, at: PE.headerOffsetField, in: file))
        guard file.starts(with: Array("MZ".utf8)),
            try Self.number(UInt32.self, at: start, in: file) == PE.signature
        else { throw .malformed(part: .efiStub, flaw: .wrongMagic) }
        let sectionCount = Int(
            try Self.number(UInt16.self, at: start + PE.COFF.sectionCount, in: file))
        let optionalByteCount = Int(
            try Self.number(UInt16.self, at: start + PE.COFF.optionalHeaderByteCount, in: file))
        let optionalStart = start + PE.coffByteCount
        let table = optionalStart + optionalByteCount
        self.coffHeader = try Self.slice(start..<optionalStart, of: file)
        self.optionalHeader = try Self.slice(optionalStart..<table, of: file)
        self.sections = []
        for index in 0..<sectionCount {
            let entry = table + index * PE.sectionByteCount
            let header = try Self.slice(entry..<entry + PE.sectionByteCount, of: file)
            guard !Self.namesPart(header) else { continue }
            sections.append(try Self.section(header, in: file))
        }
        try checkThatItCanMove()
    }

    private static func namesPart(_ entry: Bytes) -> Bool {
        let name = String(decoding: entry[..<8].prefix { $0 != 0 }, as: UTF8.self)
        return ImagePlan.sectionNames.contains(name)
    }

    /// Address of the first section.
    var firstAddress: Int { sections.map(\.address).min() ?? 0 }

    private static func section(
        _ entry: Bytes, in file: Bytes
    ) throws(ImageError) -> Section {
        func field(_ offset: Int) throws(ImageError) -> Int {
            Int(try number(UInt32.self, at: offset, in: entry))
        }
        let virtualByteCount = try field(PE.Section.virtualByteCount)
        let contentByteCount = min(virtualByteCount, try field(PE.Section.rawByteCount))
        let start = try field(PE.Section.rawOffset)
        return Section(
            name: Array(entry[..<8]), virtualByteCount: virtualByteCount,
            address: try field(PE.Section.address),
            content: contentByteCount == 0
                ? [] : try slice(start..<start + contentByteCount, of: file),
            characteristics: try number(UInt32.self, at: PE.Section.characteristics, in: entry))
    }

    /// What we would have to rewrite and do not know how to is refused here, not at boot.
    private func checkThatItCanMove() throws(ImageError) {
        guard try Self.number(UInt16.self, at: PE.Optional.magic, in: optionalHeader) == PE.magic64,
            try Self.number(UInt16.self, at: PE.COFF.machine, in: coffHeader) == PE.machineX64
        else { throw .malformed(part: .efiStub, flaw: .badField("machine")) }
        guard !sections.isEmpty, sections.count <= 32 else {
            throw .malformed(part: .efiStub, flaw: .badField("section count"))
        }
        let known = [PE.Directory.certificates, PE.Directory.baseRelocations, PE.Directory.debug]
        let directoryCount = try Self.number(
            UInt32.self, at: PE.Optional.directoryCount, in: optionalHeader)
        guard directoryCount > PE.Directory.debug, directoryCount <= 16 else {
            throw .malformed(part: .efiStub, flaw: .badField("data directory count"))
        }
        for index in 0..<Int(directoryCount) where !known.contains(index) {
            let field = PE.Optional.directories + 8 * index
            guard try Self.number(UInt64.self, at: field, in: optionalHeader) == 0 else {
                throw .malformed(part: .efiStub, flaw: .badField("data directory \(index)"))
            }
        }
    }

    static func number<Number: FixedWidthInteger & UnsignedInteger>(
        _ type: Number.Type, at offset: Int, in bytes: Bytes
    ) throws(ImageError) -> Number {
        guard let number = bytes.littleEndian(type, at: offset) else {
            throw .malformed(
                part: .efiStub,
                flaw: .truncated(byteCount: bytes.count, neededByteCount: offset))
        }
        return number
    }

    private static func slice(
        _ range: Range<Int>, of file: Bytes
    ) throws(ImageError) -> Bytes {
        guard range.upperBound <= file.count else {
            throw .malformed(
                part: .efiStub,
                flaw: .truncated(byteCount: file.count, neededByteCount: range.upperBound))
        }
        return Array(file[range])
    }
}

/// Offsets of the PE format that we read and write.
enum PE {
    static let signature: UInt32 = 0x0000_4550  // "PE\0\0"
    static let headerOffsetField = 0x3c
    static let coffByteCount = 24
    static let sectionByteCount = 40
    static let magic64: UInt16 = 0x020b
    static let machineX64: UInt16 = 0x8664
    static let sectionAlignment = 0x1000
    static let fileAlignment = 0x200

    /// From the signature on.
    enum COFF {
        static let machine = 4
        static let sectionCount = 6
        static let time = 8
        static let symbolTable = 12
        static let symbolCount = 16
        static let optionalHeaderByteCount = 20
    }

    enum Optional {
        static let magic = 0
        static let initializedDataByteCount = 8
        static let entryPoint = 16
        static let codeBase = 20
        static let sectionAlignment = 32
        static let fileAlignment = 36
        static let imageByteCount = 56
        static let headersByteCount = 60
        static let checksum = 64
        static let directoryCount = 108
        static let directories = 112
    }

    /// Index of a data directory entry, eight bytes each: address, length.
    enum Directory {
        static let certificates = 4
        static let baseRelocations = 5
        static let debug = 6
    }

    enum Section {
        static let virtualByteCount = 8
        static let address = 12
        static let rawByteCount = 16
        static let rawOffset = 20
        static let characteristics = 36

        static let initializedData: UInt32 = 0x40
        /// Readable, initialized data.
        static let readOnlyData: UInt32 = 0x4000_0040
    }
}
