internal import Glibc
internal import SystemPackage

/// Copies contents of regular files into empty ones; holes stay holes.
struct ContentCopy: ~Copyable {
    /// Why a copy failed: at its source or at its target.
    enum Failure: Error {
        case source(TreeError)
        case target(Errno)
    }

    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)

    deinit {
        buffer.deallocate()
    }

    borrowing func copy(_ content: Node.Content, to file: FileDescriptor) throws(Failure) {
        var reader: ContentReader
        do { reader = try ContentReader(content) } catch { throw .source(error) }
        var writtenByteCount: UInt64 = 0
        while reader.remaining > 0 {
            let hole = reader.holeByteCount()
            if hole > 0 {
                reader.skip(hole)
            } else {
                if reader.copyData(to: file) == 0 { try copyPiece(&reader, to: file) }
                writtenByteCount = reader.offset
            }
        }
        let byteCount = reader.offset
        do { _ = try reader.finish() } catch { throw .source(error) }
        // The file ends with a hole.
        if writtenByteCount < byteCount, ftruncate(file.rawValue, off_t(byteCount)) != 0 {
            throw .target(Errno(rawValue: errno))
        }
    }

    /// By way of our memory, up to the next hole.
    private borrowing func copyPiece(
        _ reader: inout ContentReader, to file: FileDescriptor
    ) throws(Failure) {
        let start = reader.offset
        // At least a byte: the hole may have come into being since it was asked for.
        let wanted = Int(min(max(1, reader.dataByteCount()), UInt64(buffer.count)))
        let piece = UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted])
        let count: Int
        do { count = try reader.read(into: piece) } catch { throw .source(error) }
        var done = 0
        while done < count {
            let written = pwrite(
                file.rawValue, piece.baseAddress! + done, count - done,
                off_t(start) + off_t(done))
            if written > 0 {
                done += written
            } else if errno != EINTR {
                throw .target(Errno(rawValue: errno))
            }
        }
    }
}
