/// Reads the members of a tar archive, one after another: ustar, pax, GNU and what came before
/// them (IEEE Std 1003.1, pax; tar's manual, *Tar Internals*).
///
///     while let member = try reader.next() {
///         try reader.forEachPiece(of: member) { ... }    // or not: the next call skips the rest
///     }
struct TarReader {
    /// Names and attributes of one member together. Linux's limits are far below: a path of
    /// 4096 bytes and attributes of 64 KiB each.
    private static let recordsLimit: UInt64 = 16 << 20

    let stream: ArchiveStream
    /// Whether an archive may lack its end mark: its bytes are known to be all there.
    private let isKnownWhole: Bool
    private(set) var global = PaxRecords()
    private var isFirst = true
    /// Data and padding of the current member that nobody took yet.
    var unread: UInt64 = 0
    private(set) var volumeLabel: Bytes?

    init(_ stream: ArchiveStream, isKnownWhole: Bool) {
        self.stream = stream
        // A compressed archive that was cut fails in its decompressor.
        self.isKnownWhole = isKnownWhole || stream.filter != .none
    }

    /// What stands before one member to describe it.
    struct Extension {
        var records = PaxRecords()
        var longName: Bytes?
        var longTarget: Bytes?
        var isEmpty = true
    }

    /// Nil at the end, which was checked then.
    mutating func next() throws(TreeError) -> TarMember? {
        try stream.skip(unread)
        unread = 0
        var own = Extension()
        while let block = try nextBlock() {
            let type = block.type
            switch type {
            case UInt8(ascii: "x"), UInt8(ascii: "X"):
                own.records = own.records.under(try records(of: block))
            case UInt8(ascii: "g"): global = global.under(try records(of: block))
            case UInt8(ascii: "L"): own.longName = try longText(of: block)
            case UInt8(ascii: "K"): own.longTarget = try longText(of: block)
            case UInt8(ascii: "V"):
                volumeLabel = block.name
                continue
            default: return try member(block, own)
            }
            own.isEmpty = type == UInt8(ascii: "g") && own.isEmpty
        }
        if !own.isEmpty { throw stream.input.fault(.truncated) }
        return nil
    }

    /// Hands over what the archive holds of a member, with its place in the file. Once a member.
    mutating func forEachPiece(
        of member: TarMember, _ body: (UnsafeRawBufferPointer, UInt64) throws(TreeError) -> Void
    ) throws(TreeError) {
        for piece in member.pieces {
            var offset = piece.offset
            do throws(TreeError) {
                try stream.forEachPiece(of: piece.byteCount) { bytes throws(TreeError) in
                    try body(bytes, offset)
                    offset += UInt64(bytes.count)
                }
            } catch .archive(let error) where error.member == nil {
                throw stream.input.fault(error.problem, member: member.name)
            }
            unread -= piece.byteCount
        }
    }

    // MARK: Blocks

    /// The next header; nil at the end mark.
    private mutating func nextBlock() throws(TreeError) -> TarBlock? {
        let bytes = try stream.take(TarBlock.byteCount)
        if bytes.isEmpty {
            if isFirst { throw stream.input.fault(.empty) }
            if !isKnownWhole { throw stream.input.fault(.endMissing) }
            return nil
        }
        defer { isFirst = false }
        guard bytes.count == TarBlock.byteCount else {
            throw stream.input.fault(
                isFirst ? .notTar(looksLike: guessedFormat(bytes)) : .truncated)
        }
        let block = TarBlock(bytes: bytes)
        if block.isNull {
            try checkEnd()
            return nil
        }
        guard block.hasRightChecksum else {
            throw stream.input.fault(
                isFirst ? .notTar(looksLike: guessedFormat(bytes)) : .damagedHeader)
        }
        return block
    }

    private func checkEnd() throws(TreeError) {
        while true {
            let rest = try stream.next(upTo: .max)
            if rest.isEmpty { return }
            guard rest.allSatisfy({ $0 == 0 }) else { throw stream.input.fault(.dataBehindEnd) }
        }
    }

    private func data(of block: TarBlock) throws(TreeError) -> Bytes {
        let count = try number(block, at: 124, byteCount: 12, "size", limit: .max)
        guard count <= Self.recordsLimit else {
            throw stream.input.fault(
                .recordsTooLarge(byteCount: count, limit: Self.recordsLimit), member: block.name)
        }
        let data = try stream.take(Int(count))
        guard data.count == Int(count) else { throw stream.input.fault(.truncated) }
        try stream.skip(Self.padding(behind: count))
        return data
    }

    private func records(of block: TarBlock) throws(TreeError) -> PaxRecords {
        guard let records = PaxRecords(try data(of: block)) else {
            throw stream.input.fault(.malformedRecords, member: block.name)
        }
        return records
    }

    /// GNU's long names end with a NUL.
    private func longText(of block: TarBlock) throws(TreeError) -> Bytes {
        Bytes(try data(of: block).prefix { $0 != 0 })
    }

    static func padding(behind count: UInt64) -> UInt64 {
        let block = UInt64(TarBlock.byteCount)
        return (block - count % block) % block
    }
}
