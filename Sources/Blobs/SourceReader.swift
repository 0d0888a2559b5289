internal import Trees

/// The content of a regular file, or a piece of it, read once by whoever packs it; holes come as
/// zeros without being read.
struct SourceReader: ~Copyable {
    private var reader: ContentReader
    /// Where the file stands, of a file of this machine.
    private let place: HostPlace?

    /// - Parameter offset: where reading starts, in bytes from the start of the content.
    init(_ content: Node.Content, at offset: UInt64 = 0) throws(BlobError) {
        if case .file(let file) = content { place = file.place } else { place = nil }
        do throws(TreeError) {
            reader = try ContentReader(content)
            reader.skip(offset)
        } catch {
            throw .tree(error)
        }
    }

    /// Length in bytes of the hole that starts here; 0 where there is data.
    func holeByteCount() -> UInt64 { reader.holeByteCount() }

    /// Fills the whole buffer.
    /// - Precondition: so much is still to come.
    mutating func fill(_ buffer: UnsafeMutableRawBufferPointer) throws(BlobError) {
        var done = 0
        while done < buffer.count {
            let count = try next(
                into: UnsafeMutableRawBufferPointer(rebasing: buffer[done...]))
            precondition(count > 0)
            done += count
        }
    }

    /// Fills the buffer, or as much of it as there is to come; 0 at the end.
    mutating func next(into buffer: UnsafeMutableRawBufferPointer) throws(BlobError) -> Int {
        let hole = reader.holeByteCount()
        if hole > 0 {
            let count = Int(min(hole, UInt64(buffer.count)))
            UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
                .initializeMemory(as: UInt8.self, repeating: 0)
            reader.skip(UInt64(count))
            return count
        }
        do throws(TreeError) {
            return try reader.read(into: buffer)
        } catch {
            throw .tree(error)
        }
    }

    /// After the last byte that was wanted: is it still the file that was scanned? Where it need not be, the note
    /// that says what happened to it.
    consuming func finish() throws(BlobError) -> BlobNote? {
        let place = place
        do throws(TreeError) {
            guard let change = try reader.finish(), let place else { return nil }
            return .changed(place, change)
        } catch {
            throw .tree(error)
        }
    }
}
