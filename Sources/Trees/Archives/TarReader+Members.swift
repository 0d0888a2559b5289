extension TarReader {
    /// A member whose header block was read, with what stood before it.
    mutating func member(
        _ block: TarBlock, _ own: Extension
    ) throws(TreeError) -> TarMember {
        let records = global.under(own.records)
        let name =
            records.value("GNU.sparse.name") ?? records.value("path") ?? own.longName ?? block.name
        do throws(TreeError) {
            return try member(block, own, records, name: name)
        } catch .archive(let error) where error.member == nil {
            throw stream.input.fault(error.problem, member: name)
        }
    }

    private mutating func member(
        _ block: TarBlock, _ own: Extension, _ records: PaxRecords, name: Bytes
    ) throws(TreeError) -> TarMember {
        let kind = try kind(of: block, records, name: name)
        let target = records.value("linkpath") ?? own.longTarget ?? block.linkTarget
        for (field, text) in [("name", name), ("link target", target)] where text.contains(0) {
            throw stream.input.fault(.nul(field: field))
        }
        guard let xattrs = TarMember.xattrs(records) else {
            throw stream.input.fault(.malformedRecords)
        }
        let permissions = try number(block, at: 100, byteCount: 8, "mode", limit: .max) & 0o7777
        let uid = try owner(block, at: 108, records, "uid")
        let gid = try owner(block, at: 116, records, "gid")
        let mtime = try mtime(block, records)
        let data = try data(of: block, kind, records)
        return TarMember(
            kind: kind, name: name, linkTarget: target, permissions: UInt16(permissions), uid: uid,
            gid: gid, mtimeSeconds: mtime, xattrs: xattrs.xattrs,
            accessControlLists: xattrs.accessControlLists, byteCount: data.byteCount,
            pieces: data.pieces, dataOffset: stream.offset)
    }

    private func kind(
        of block: TarBlock, _ records: PaxRecords, name: Bytes
    ) throws(TreeError) -> TarMember.Kind {
        switch block.type {
        case UInt8(ascii: "0"), 0, UInt8(ascii: "7"), UInt8(ascii: "S"):
            // Before there was a type for directories, a slash at the end said so.
            return name.last == UInt8(ascii: "/") ? .directory : .regular
        case UInt8(ascii: "1"): return .hardLink
        case UInt8(ascii: "2"): return .symlink
        case UInt8(ascii: "3"): return .characterDevice(try device(block, records))
        case UInt8(ascii: "4"): return .blockDevice(try device(block, records))
        // D: GNU's incremental archives; its data is a list of names.
        case UInt8(ascii: "5"), UInt8(ascii: "D"): return .directory
        case UInt8(ascii: "6"): return .fifo
        case UInt8(ascii: "M"): throw stream.input.fault(.severalVolumes)
        default: throw stream.input.fault(.unknownType(block.type))
        }
    }

    /// How long the file is and where its data stands; the stream is at the first byte of it then.
    private mutating func data(
        of block: TarBlock, _ kind: TarMember.Kind, _ records: PaxRecords
    ) throws(TreeError) -> (byteCount: UInt64, pieces: [TarMember.Piece]) {
        var count = try number(
            "size", records, "size", block, at: 124, byteCount: 12, limit: UInt64(Int64.max))
        // Only files and GNU's directories have data; some writers give links the file's length.
        guard kind == .regular || block.type == UInt8(ascii: "D") else { return (0, []) }
        let padding = Self.padding(behind: count)
        let sparse = try sparseMap(of: block, records, dataByteCount: &count)
        unread = count + padding
        guard kind == .regular else { return (0, []) }
        guard let sparse else { return (count, [.init(offset: 0, byteCount: count)]) }
        guard sparse.byteCount <= UInt64(Int64.max),
            sparse.map.fits(fileByteCount: sparse.byteCount, dataByteCount: count)
        else { throw stream.input.fault(.sparseMap) }
        return (sparse.byteCount, sparse.map.pieces)
    }

    private func sparseMap(
        of block: TarBlock, _ records: PaxRecords, dataByteCount: inout UInt64
    ) throws(TreeError) -> (map: SparseMap, byteCount: UInt64)? {
        if block.type == UInt8(ascii: "S") {
            let byteCount = try number(block, at: 483, byteCount: 12, "size", limit: .max)
            guard let map = try SparseMap(block, stream) else {
                throw stream.input.fault(.sparseMap)
            }
            return (map, byteCount)
        }
        guard let size = records.value("GNU.sparse.realsize") ?? records.value("GNU.sparse.size")
        else { return nil }
        let byteCount = try decimalNumber(size, "size", limit: .max)
        let isVersion1 = records.value("GNU.sparse.major") == [UInt8(ascii: "1")]
        let map =
            isVersion1
            ? try SparseMap(before: stream, byteCount: &dataByteCount) : SparseMap(records)
        guard let map else { throw stream.input.fault(.sparseMap) }
        return (map, byteCount)
    }

}

// Numbers of headers and records.
extension TarReader {
    private func owner(
        _ block: TarBlock, at offset: Int, _ records: PaxRecords, _ field: String
    ) throws(TreeError) -> UInt32 {
        UInt32(
            try number(
                field, records, field, block, at: offset, byteCount: 8, limit: UInt64(UInt32.max)))
    }

    /// A number of the records or, where they have none, of the block.
    private func number(
        _ field: String, _ records: PaxRecords, _ key: String, _ block: TarBlock, at offset: Int,
        byteCount: Int, limit: UInt64
    ) throws(TreeError) -> UInt64 {
        if let text = records.value(key) { return try decimalNumber(text, field, limit: limit) }
        return try number(block, at: offset, byteCount: byteCount, field, limit: limit)
    }

    private func mtime(_ block: TarBlock, _ records: PaxRecords) throws(TreeError) -> Int64 {
        let seconds =
            records.value("mtime").map { paxTime($0) } ?? block.number(at: 136, byteCount: 12)
        guard let seconds else { throw stream.input.fault(.notANumber(field: "mtime")) }
        return seconds
    }

    /// The numbers a Linux kernel can hold.
    private func device(
        _ block: TarBlock, _ records: PaxRecords
    ) throws(TreeError) -> Node.Device {
        let major = try number(
            "device major", records, "SCHILY.devmajor", block, at: 329, byteCount: 8, limit: 4095)
        let minor = try number(
            "device minor", records, "SCHILY.devminor", block, at: 337, byteCount: 8,
            limit: 1_048_575)
        return Node.Device(major: UInt32(major), minor: UInt32(minor))
    }

    func number(
        _ block: TarBlock, at offset: Int, byteCount: Int, _ field: String, limit: UInt64
    ) throws(TreeError) -> UInt64 {
        guard let number = block.number(at: offset, byteCount: byteCount), number >= 0 else {
            throw stream.input.fault(.notANumber(field: field))
        }
        guard UInt64(number) <= limit else {
            throw stream.input.fault(.numberTooLarge(field: field, limit: limit))
        }
        return UInt64(number)
    }

    private func decimalNumber(
        _ text: Bytes, _ field: String, limit: UInt64
    ) throws(TreeError) -> UInt64 {
        guard let number = decimal(text) else {
            throw stream.input.fault(.notANumber(field: field))
        }
        guard number <= limit else {
            throw stream.input.fault(.numberTooLarge(field: field, limit: limit))
        }
        return number
    }
}
