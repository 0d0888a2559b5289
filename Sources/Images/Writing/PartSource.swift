public import BakeContract
internal import Crypto
public import SystemPackage

/// What a part of an image holds: bytes in memory, or in a file, from which they are copied when the
/// image is written.
public struct PartSource: Sendable {
    private enum Place {
        case memory(Bytes)
        case file(InputFile, Range<Int>)
    }

    private let place: Place

    public init(_ bytes: Bytes) {
        place = .memory(bytes)
    }

    /// A whole file, which stays open.
    public init(opening path: FilePath) throws(ImageError) {
        let file = try InputFile(path)
        place = .file(file, 0..<file.byteCount)
    }

    init(_ range: Range<Int>, of file: InputFile) {
        place = .file(file, range)
    }

    var byteCount: Int {
        switch place {
        case .memory(let bytes): bytes.count
        case .file(_, let range): range.count
        }
    }

    /// The first bytes, or all of them where there are fewer.
    func prefix(_ maxByteCount: Int, of part: PartName) throws(ImageError) -> Bytes {
        switch place {
        case .memory(let bytes): return Array(bytes.prefix(maxByteCount))
        case .file(let file, let range):
            return try file.bytes(in: range.prefixRange(min(maxByteCount, range.count)), of: part)
        }
    }

    func digest(of part: PartName) throws(ImageError) -> ContentDigest {
        switch place {
        case .memory(let bytes): return .of(bytes)
        case .file(let file, let range): return try file.digest(of: range, part: part)
        }
    }

    /// Copies everything to an offset of the image. A file that is no longer what it was is refused,
    /// for the manifest has its digest already.
    func write(
        _ part: PartName, withDigest digest: ContentDigest?, to output: borrowing OutputFile,
        at offset: Int
    ) throws(ImageError) {
        guard case .file(let file, let range) = place else {
            return try output.write(try prefix(byteCount, of: part), at: offset)
        }
        var hash = SHA256()
        var end = offset
        try file.forEachChunk(in: range, of: part) { chunk throws(ImageError) in
            hash.update(data: chunk)
            try output.write(chunk, at: end)
            end += chunk.count
        }
        let written = ContentDigest(hash.finalize())
        guard digest == nil || digest == written else {
            throw .malformed(part: part, flaw: .wrongDigest)
        }
    }
}
