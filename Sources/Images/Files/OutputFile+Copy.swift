internal import CFileRange
internal import Glibc
internal import SystemPackage

extension OutputFile {
    /// Copies bytes from the start of another file to an offset of this one, inside the kernel
    /// where the file systems can do that (copy_file_range(2)), and shares blocks where they can.
    /// Returns how many there were, at most `byteCount`.
    borrowing func copy(
        _ byteCount: Int, from source: FileDescriptor, named name: FilePath, to offset: Int
    ) throws(ImageError) -> Int {
        var copied = 0
        while copied < byteCount {
            var from = Int64(copied)
            var to = Int64(offset + copied)
            let count = copy_file_range(
                source.rawValue, &from, descriptor.rawValue, &to, byteCount - copied, 0)
            if count > 0 {
                copied += count
            } else if count == 0 {
                return copied
            } else if Self.cannotCopyInKernel(Errno(rawValue: errno)) {
                return try copyByHand(copied..<byteCount, from: source, named: name, to: offset)
            } else if Errno(rawValue: errno) != .interrupted {
                throw .file(action: .write, path: path, errno: Errno(rawValue: errno))
            }
        }
        return copied
    }

    /// Older kernels, other file systems, files that are no regular ones.
    private static func cannotCopyInKernel(_ errno: Errno) -> Bool {
        [.improperLink, .invalidArgument, .noFunction, .notSupported, .notPermitted]
            .contains(errno)
    }

    private borrowing func copyByHand(
        _ range: Range<Int>, from source: FileDescriptor, named name: FilePath, to offset: Int
    ) throws(ImageError) -> Int {
        let chunkByteCount = 1 << 20
        var copied = range.lowerBound
        while copied < range.upperBound {
            let wanted = min(chunkByteCount, range.upperBound - copied)
            let chunk: [UInt8]
            do {
                chunk = try [UInt8](unsafeUninitializedCapacity: wanted) { buffer, count in
                    count = try source.read(
                        fromAbsoluteOffset: Int64(copied),
                        into: UnsafeMutableRawBufferPointer(buffer))
                }
            } catch {
                throw .file(action: .read, path: name, errno: errno(of: error))
            }
            guard !chunk.isEmpty else { return copied }
            try write(chunk, at: offset + copied)
            copied += chunk.count
        }
        return copied
    }
}
