internal import Trees

/// A tree's file, read once from start to end by whoever packs it; holes come as zeros without
/// being read.
struct SourceReader: ~Copyable {
    private var reader: HostFileReader

    init(_ file: HostFile) throws(BlobError) {
        do throws(TreeError) {
            reader = try HostFileReader(file)
        } catch {
            throw .tree(error)
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

    /// After the last byte: is it still the file that was scanned?
    consuming func finish() throws(BlobError) {
        do throws(TreeError) {
            try reader.finish()
        } catch {
            throw .tree(error)
        }
    }
}
