internal import BakeContract
internal import Crypto
internal import SystemPackage

/// A file open for reading at offsets. Every range is checked against the file's length before
/// it is read, so numbers from a damaged file end in an error.
final class InputFile: Sendable {
    let path: FilePath
    let byteCount: Int
    let descriptor: FileDescriptor

    static let chunkByteCount = 1 << 20

    init(_ path: FilePath, for access: FileDescriptor.AccessMode = .readOnly) throws(ImageError) {
        self.path = path
        do {
            // Non-blocking, because a FIFO without a writer would hold us up for ever here.
            self.descriptor = try FileDescriptor.open(
                path, access, options: [.closeOnExec, .nonBlocking])
        } catch {
            throw .file(action: .open, path: path, errno: errno(of: error))
        }
        do {
            self.byteCount = Int(try descriptor.seek(offset: 0, from: .end))
        } catch {
            try? descriptor.close()  // the failure to measure is the one to tell
            throw .file(action: .read, path: path, errno: errno(of: error))
        }
    }

    deinit {
        try? descriptor.close()  // nothing written through it waits: edits are synced
    }

    /// The bytes of a range that must lie inside the file; `part` is named where it does not.
    func bytes(in range: Range<Int>, of part: PartName) throws(ImageError) -> Bytes {
        guard range.lowerBound >= 0, range.upperBound <= byteCount else {
            throw .malformed(
                part: part,
                flaw: .truncated(byteCount: byteCount, neededByteCount: range.upperBound))
        }
        var bytes = Bytes()
        bytes.reserveCapacity(range.count)
        while bytes.count < range.count {
            let start = range.lowerBound + bytes.count
            let chunk = try chunk(at: start, upTo: range.upperBound)
            guard !chunk.isEmpty else {
                throw .malformed(
                    part: part,
                    flaw: .truncated(byteCount: start, neededByteCount: range.upperBound))
            }
            bytes += chunk
        }
        return bytes
    }

    /// Hands the range on in chunks, so that a large part never stands in memory whole.
    func forEachChunk(
        in range: Range<Int>, of part: PartName, _ body: (Bytes) throws(ImageError) -> Void
    ) throws(ImageError) {
        var start = range.lowerBound
        while start < range.upperBound {
            let end = min(start + Self.chunkByteCount, range.upperBound)
            try body(try bytes(in: start..<end, of: part))
            start = end
        }
    }

    func digest(of range: Range<Int>, part: PartName) throws(ImageError) -> ContentDigest {
        var hash = SHA256()
        try forEachChunk(in: range, of: part) { hash.update(data: $0) }
        return ContentDigest(hash.finalize())
    }

    /// Overwrites bytes that exist, and returns when they are on the disk.
    func overwrite(_ bytes: Bytes, at offset: Int) throws(ImageError) {
        precondition(offset >= 0 && offset + bytes.count <= byteCount)
        do {
            _ = try descriptor.writeAll(toAbsoluteOffset: Int64(offset), bytes)
            try sync(descriptor)
        } catch {
            throw .file(action: .write, path: path, errno: errno(of: error))
        }
    }

    private func chunk(at start: Int, upTo end: Int) throws(ImageError) -> Bytes {
        do {
            return try Bytes(unsafeUninitializedCapacity: min(end - start, Self.chunkByteCount)) {
                buffer, count in
                count = try descriptor.read(
                    fromAbsoluteOffset: Int64(start), into: UnsafeMutableRawBufferPointer(buffer))
            }
        } catch {
            throw .file(action: .read, path: path, errno: errno(of: error))
        }
    }
}
