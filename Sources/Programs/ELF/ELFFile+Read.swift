public import Trees

extension ELFFile {
    /// Reads headers, the dynamic section and notes; nothing else of the file.
    ///
    /// - Throws: when the file cannot be read. What is wrong with its content is a result.
    public static func read(_ content: Node.Content) throws(TreeError) -> ELFReading {
        var bytes = try ELFBytes(content)
        do throws(ELFFailure) {
            guard let file = try ELFHeader.read(&bytes) else { return .notELF }
            return .file(try ELFFile(file, &bytes))
        } catch {
            switch error {
            case .tree(let error): throw error
            case .flaw(let flaw): return .damaged(flaw)
            }
        }
    }

    private init(_ header: ELFHeader, _ bytes: inout ELFBytes) throws(ELFFailure) {
        machine = header.machine
        kind = header.kind
        let segments = try header.segments(&bytes)
        let sections = try header.sections(&bytes)
        // What `objcopy --only-keep-debug` leaves has the program's headers and none of its bytes.
        let emptied = Set(sections.filter { $0.type == Section.noBits }.map(\.address))
        if let segment = segments.first(where: { $0.type == Segment.interpreter }),
            !emptied.contains(segment.address)
        {
            interpreter = try bytes.string(
                at: segment.offset, within: segment.fileEnd, .interpreter)
        }
        if let segment = segments.first(where: { $0.type == Segment.dynamic }),
            !emptied.contains(segment.address)
        {
            try readDynamic(segment, segments, sections, &bytes)
        }
        dlopens = try DlopenNote.read(segments, sections, &bytes)
    }
}

/// The first bytes of an ELF file (gABI chapter 4, "ELF Header").
struct ELFHeader {
    let machine: ELFMachine
    let kind: ELFFile.Kind
    private let segmentTable: Table
    private let sectionTable: Table

    private struct Table {
        let offset: UInt64
        let stride: Int
        let count: Int
    }

    private static let magic: Bytes = [0x7f, 0x45, 0x4c, 0x46]
    /// Entries; linkers make a dozen segments and some forty sections, or one for each function.
    private static let segmentLimit = 1024
    private static let sectionLimit = 65535

    /// Nil when the file does not begin like one.
    static func read(_ bytes: inout ELFBytes) throws(ELFFailure) -> ELFHeader? {
        let start = try bytes.bytes(at: 0, upTo: 64, .header).bytes
        guard start.starts(with: magic) else { return nil }
        guard start.count >= 52 else { throw .flaw(.outside(.header)) }
        guard start[4] == 1 || start[4] == 2 else { throw .flaw(.unknownClass) }
        guard start[5] == 1 || start[5] == 2 else { throw .flaw(.unknownByteOrder) }
        bytes.isWide = start[4] == 2
        bytes.isLittleEndian = start[5] == 1
        guard !bytes.isWide || start.count == 64 else { throw .flaw(.outside(.header)) }
        return ELFHeader(
            ELFPiece(bytes: start, isLittleEndian: bytes.isLittleEndian, isWide: bytes.isWide))
    }

    private init(_ piece: ELFPiece) {
        let isWide = piece.isWide
        kind =
            switch piece.half(at: 16) {
            case 2: .executable
            case 3: .shared
            default: .other
            }
        machine = ELFMachine(
            isWide: isWide, isLittleEndian: piece.isLittleEndian, number: piece.half(at: 18),
            flags: piece.word(at: isWide ? 48 : 36))
        segmentTable = Table(
            offset: piece.address(at: isWide ? 32 : 28),
            stride: Int(piece.half(at: isWide ? 54 : 42)),
            count: Int(piece.half(at: isWide ? 56 : 44)))
        sectionTable = Table(
            offset: piece.address(at: isWide ? 40 : 32),
            stride: Int(piece.half(at: isWide ? 58 : 46)),
            count: Int(piece.half(at: isWide ? 60 : 48)))
    }

    func segments(_ bytes: inout ELFBytes) throws(ELFFailure) -> [Segment] {
        guard segmentTable.count > 0 else { return [] }
        guard segmentTable.count <= Self.segmentLimit else {
            throw .flaw(.tooLarge(.programHeaders))
        }
        guard segmentTable.stride >= (bytes.isWide ? 56 : 32) else {
            throw .flaw(.outside(.programHeaders))
        }
        let piece = try bytes.bytes(
            at: segmentTable.offset, count: UInt64(segmentTable.stride * segmentTable.count),
            .programHeaders, limit: .max)
        return (0..<segmentTable.count).map { Segment(piece, at: $0 * segmentTable.stride) }
    }

    /// None where they were stripped or make no sense: nothing that runs needs them.
    func sections(_ bytes: inout ELFBytes) throws(ELFFailure) -> [Section] {
        let table = sectionTable
        guard table.count > 0, table.count <= Self.sectionLimit,
            table.stride >= (bytes.isWide ? 64 : 40), table.offset <= bytes.byteCount,
            UInt64(table.stride * table.count) <= bytes.byteCount - table.offset
        else { return [] }
        let piece = try bytes.bytes(
            at: table.offset, count: UInt64(table.stride * table.count), .sectionHeaders,
            limit: .max)
        return (0..<table.count).map { Section(piece, at: $0 * table.stride) }
    }
}

/// A program header.
struct Segment {
    static let load: UInt32 = 1
    static let dynamic: UInt32 = 2
    static let interpreter: UInt32 = 3
    static let note: UInt32 = 4

    let type: UInt32
    let offset: UInt64
    let address: UInt64
    /// In the file, in bytes.
    let byteCount: UInt64
    let alignment: UInt64

    init(_ piece: ELFPiece, at start: Int) {
        let isWide = piece.isWide
        type = piece.word(at: start)
        offset = piece.address(at: start + (isWide ? 8 : 4))
        address = piece.address(at: start + (isWide ? 16 : 8))
        byteCount = piece.address(at: start + (isWide ? 32 : 16))
        alignment = piece.address(at: start + (isWide ? 48 : 28))
    }

    var fileEnd: UInt64 { offset.addingReportingOverflow(byteCount).partialValue }

    /// Where an address of the running program stands in the file.
    func offset(of address: UInt64) -> UInt64? {
        guard type == Self.load, address >= self.address, address - self.address < byteCount
        else { return nil }
        let (offset, isTooLarge) = offset.addingReportingOverflow(address - self.address)
        return isTooLarge ? nil : offset
    }
}

/// A section header.
struct Section {
    static let note: UInt32 = 7
    static let noBits: UInt32 = 8
    static let dynamicSymbols: UInt32 = 11

    let type: UInt32
    let address: UInt64
    let offset: UInt64
    let byteCount: UInt64
    let alignment: UInt64

    init(_ piece: ELFPiece, at start: Int) {
        let isWide = piece.isWide
        type = piece.word(at: start + 4)
        address = piece.address(at: start + (isWide ? 16 : 12))
        offset = piece.address(at: start + (isWide ? 24 : 16))
        byteCount = piece.address(at: start + (isWide ? 32 : 20))
        alignment = piece.address(at: start + (isWide ? 48 : 32))
    }
}
