/// Where the data of a sparse member stands, in GNU's four forms (tar's manual, *Storing Sparse
/// Files*): type S of old GNU archives, and versions 0.0, 0.1 and 1.0 in pax records.
struct SparseMap {
    var pieces: [TarMember.Piece] = []

    /// Type S: pairs in the header block, then in blocks of 21 pairs. Nil where they are no
    /// numbers.
    init?(_ block: TarBlock, _ stream: ArchiveStream) throws(TreeError) {
        guard append(block, at: 386, pairCount: 4) else { return nil }
        var hasMore = block.bytes[482] != 0
        while hasMore {
            let bytes = try stream.take(TarBlock.byteCount)
            guard bytes.count == TarBlock.byteCount else {
                throw stream.input.fault(.truncated)
            }
            let next = TarBlock(bytes: bytes)
            guard append(next, at: 0, pairCount: 21) else { return nil }
            hasMore = bytes[504] != 0
        }
    }

    private mutating func append(_ block: TarBlock, at start: Int, pairCount: Int) -> Bool {
        for index in 0..<pairCount {
            let offset = start + 24 * index
            // A pair of nothing ends the list.
            if block.bytes[offset] == 0 || block.bytes[offset + 12] == 0 { return true }
            guard let position = block.number(at: offset, byteCount: 12),
                let count = block.number(at: offset + 12, byteCount: 12),
                position >= 0, count >= 0
            else { return false }
            pieces.append(.init(offset: UInt64(position), byteCount: UInt64(count)))
        }
        return true
    }

    /// Versions 0.0 and 0.1: nil where the records hold no such map.
    init?(_ records: PaxRecords) {
        if let map = records.value("GNU.sparse.map") {
            let numbers = map.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
                .map { decimal(Bytes($0)) }
            guard append(numbers) else { return nil }
            return
        }
        // Version 0.0 repeats the two keys, one pair after another.
        let numbers = records.records.filter { record in
            record.key.elementsEqual("GNU.sparse.offset".utf8)
                || record.key.elementsEqual("GNU.sparse.numbytes".utf8)
        }.map { decimal($0.value) }
        guard append(numbers) else { return nil }
    }

    /// Version 1.0: decimal numbers, a line each, in whole blocks before the data. The first says
    /// how many pairs follow. Nil where they are no numbers.
    ///
    /// - Parameter byteCount: what the member has left; what the map takes is subtracted.
    init?(before data: ArchiveStream, byteCount: inout UInt64) throws(TreeError) {
        var lines: [UInt64] = []
        var line: Bytes = []
        while lines.isEmpty || UInt64(lines.count) < 1 + 2 * lines[0] {
            guard byteCount >= UInt64(TarBlock.byteCount) else { return nil }
            let block = try data.take(TarBlock.byteCount)
            guard block.count == TarBlock.byteCount else { throw data.input.fault(.truncated) }
            byteCount -= UInt64(TarBlock.byteCount)
            for byte in block {
                guard lines.isEmpty || UInt64(lines.count) < 1 + 2 * lines[0] else { break }
                if byte != UInt8(ascii: "\n") {
                    line.append(byte)
                    continue
                }
                guard let number = decimal(line), number <= UInt64(Int32.max) || !lines.isEmpty
                else { return nil }
                lines.append(number)
                line = []
            }
        }
        guard append(lines.dropFirst().map { $0 }) else { return nil }
    }

    private mutating func append(_ numbers: [UInt64?]) -> Bool {
        guard numbers.count % 2 == 0 else { return false }
        for index in stride(from: 0, to: numbers.count, by: 2) {
            guard let offset = numbers[index], let count = numbers[index + 1] else { return false }
            pieces.append(.init(offset: offset, byteCount: count))
        }
        return true
    }

    /// Whether the pieces ascend, stay within the file, and are all that the archive holds of it.
    func fits(fileByteCount: UInt64, dataByteCount: UInt64) -> Bool {
        var end: UInt64 = 0
        var sum: UInt64 = 0
        for piece in pieces {
            let (pieceEnd, overflow) = piece.offset.addingReportingOverflow(piece.byteCount)
            guard piece.offset >= end, !overflow, pieceEnd <= fileByteCount else { return false }
            end = pieceEnd
            sum += piece.byteCount
        }
        return sum == dataByteCount
    }
}
