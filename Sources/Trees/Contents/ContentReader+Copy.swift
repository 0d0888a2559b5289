internal import CFileRange
internal import Glibc
internal import SystemPackage

extension ContentReader {
    /// Lets the kernel copy data from here on into a file that has nothing there yet: shared
    /// blocks where the file system knows such, and no byte through our memory otherwise.
    ///
    /// - Returns: bytes copied; 0 where the content is in memory, starts with a hole, or the kernel
    ///   cannot, so that it has to be read.
    mutating func copyData(to file: FileDescriptor) -> UInt64 {
        guard let extent = dataExtent() else { return 0 }
        var from = Int64(extent.start)
        var to = Int64(offset)
        let wanted = Int(min(extent.byteCount, 1 << 30))
        let count = copy_file_range(
            extent.descriptor.rawValue, &from, file.rawValue, &to, wanted, 0)
        guard count > 0 else { return 0 }
        skip(UInt64(count))
        return UInt64(count)
    }

    /// Length in bytes of the data that starts here, up to the next hole or the end.
    public func dataByteCount() -> UInt64 {
        switch place {
        case .bytes: remaining
        case .file, .stored: dataExtent()?.byteCount ?? 0
        }
    }

    private struct DataExtent {
        let descriptor: FileDescriptor
        /// In the file, in bytes.
        let start: UInt64
        let byteCount: UInt64
    }

    private func dataExtent() -> DataExtent? {
        guard remaining > 0 else { return nil }
        switch place {
        case .bytes: return nil
        case .file(_, let descriptor, let mayHaveHoles):
            return DataExtent(
                descriptor: descriptor, start: offset,
                byteCount: mayHaveHoles ? byteCountToHole(descriptor) : remaining)
        case .stored(let content):
            guard let extent = content.extent(atOrBehind: offset), extent.offset <= offset else {
                return nil
            }
            let skipped = offset - extent.offset
            return DataExtent(
                descriptor: content.store.descriptor, start: extent.storeOffset + skipped,
                byteCount: extent.byteCount - skipped)
        }
    }

    private func byteCountToHole(_ descriptor: FileDescriptor) -> UInt64 {
        let hole = lseek(descriptor.rawValue, off_t(offset), Self.seekHole)
        // An error: the file system does not know holes, or the file became shorter.
        guard hole >= 0 else { return remaining }
        return min(UInt64(hole) - min(UInt64(hole), offset), remaining)
    }

    /// SEEK_HOLE of linux/fs.h; Swift's Glibc module leaves GNU's names out.
    private static let seekHole: Int32 = 4
}
