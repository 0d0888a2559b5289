public import BakeContract

/// A member of a newc archive that was read: its header, and where its content stands.
public struct NewcMember: Equatable, Sendable {
    public var header: NewcHeader
    /// Offsets into the bytes that were read.
    public var content: Range<Int>
}

extension NewcArchive {
    /// The members of all uncompressed archives that follow one another in `bytes`, with zeros
    /// between them as the kernel allows. `part` is named when the bytes are something else.
    public static func members(
        in bytes: Bytes, of part: PartName
    ) throws(ImageError) -> [NewcMember] {
        var members: [NewcMember] = []
        var offset = 0
        var isInsideArchive = false
        while true {
            if !isInsideArchive {
                while offset < bytes.count, bytes[offset] == 0 { offset += 1 }
                guard offset < bytes.count else { return members }
            }
            let member = try member(in: bytes, at: offset, of: part)
            isInsideArchive = member.header.name != NewcHeader.trailer.name
            if isInsideArchive { members.append(member) }
            offset = min(member.content.upperBound.roundedUp(toMultipleOf: 4), bytes.count)
        }
    }

    private static func member(
        in bytes: Bytes, at offset: Int, of part: PartName
    ) throws(ImageError) -> NewcMember {
        let nameOffset = offset + NewcHeader.fixedByteCount
        guard nameOffset <= bytes.count else {
            throw .malformed(
                part: part,
                flaw: .truncated(byteCount: bytes.count, neededByteCount: nameOffset))
        }
        guard bytes[offset...].starts(with: NewcHeader.magic) else {
            throw .malformed(part: part, flaw: .wrongMagic)
        }
        let fields = try (0..<13).map { index throws(ImageError) in
            try number(in: bytes, at: offset + 6 + 8 * index, of: part)
        }
        let nameEnd = nameOffset + Int(fields[11])
        let contentOffset = nameEnd.roundedUp(toMultipleOf: 4)
        let contentEnd = contentOffset + Int(fields[6])
        guard contentEnd <= bytes.count else {
            throw .malformed(
                part: part,
                flaw: .truncated(byteCount: bytes.count, neededByteCount: contentEnd))
        }
        guard nameEnd > nameOffset, bytes[nameEnd - 1] == 0 else {
            throw .malformed(part: part, flaw: .badField("member name"))
        }
        let header = NewcHeader(
            name: Array(bytes[nameOffset..<nameEnd - 1]), mode: fields[1],
            contentByteCount: Int(fields[6]), deviceMajor: fields[9], deviceMinor: fields[10])
        return NewcMember(header: header, content: contentOffset..<contentEnd)
    }

    private static func number(
        in bytes: Bytes, at offset: Int, of part: PartName
    ) throws(ImageError) -> UInt32 {
        let text = String(decoding: bytes[offset..<offset + 8], as: UTF8.self)
        guard text.utf8.count == 8, let number = UInt32(text, radix: 16) else {
            throw .malformed(part: part, flaw: .badField("member header"))
        }
        return number
    }
}
