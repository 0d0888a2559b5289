internal import Glibc
internal import Trees

extension ContentSpool {
    /// Copies a content that will not stay where it is; holes stay holes.
    mutating func keep(_ content: Node.Content) throws(TreeError) -> Node.Content {
        var reader = try ContentReader(content)
        begin(byteCount: content.byteCount)
        let buffer = ContentBuffer()
        while reader.remaining > 0 {
            let hole = reader.holeByteCount()
            if hole > 0 {
                reader.skip(hole)
            } else {
                let offset = reader.offset
                // At least a byte: the hole may have come into being since it was asked for.
                let count = try buffer.fill(from: &reader, limit: max(1, reader.dataByteCount()))
                try append(UnsafeRawBufferPointer(rebasing: buffer.bytes[..<count]), at: offset)
            }
        }
        _ = try reader.finish()
        return end()
    }
}

extension ContentReader {
    static func areEqual(
        _ left: Node.Content, _ right: Node.Content
    ) throws(TreeError) -> Bool {
        guard left.byteCount == right.byteCount else { return false }
        var leftReader = try ContentReader(left)
        var rightReader = try ContentReader(right)
        let leftBuffer = ContentBuffer()
        let rightBuffer = ContentBuffer()
        while leftReader.remaining > 0 {
            let count = try leftBuffer.fill(from: &leftReader, limit: .max)
            _ = try rightBuffer.fill(from: &rightReader, limit: .max)
            guard memcmp(leftBuffer.bytes.baseAddress!, rightBuffer.bytes.baseAddress!, count) == 0
            else { return false }
        }
        return true
    }
}

private final class ContentBuffer {
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)

    deinit {
        bytes.deallocate()
    }

    func fill(from reader: inout ContentReader, limit: UInt64) throws(TreeError) -> Int {
        let count = Int(min(limit, UInt64(bytes.count)))
        return try reader.read(into: UnsafeMutableRawBufferPointer(rebasing: bytes[..<count]))
    }
}
