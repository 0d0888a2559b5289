internal import CFileRange
internal import Glibc
internal import SystemPackage

extension OutputFile {
    /// Copies bytes of another file to an offset of this one, inside the kernel where the file
    /// systems can do that (copy_file_range(2)), and shares blocks where they can. Returns how many
    /// there were, at most as many as the range has.
    borrowing func copy(
        _ range: Range<Int>, from source: FileDescriptor, named name: FilePath, to offset: Int
    ) throws(ImageError) -> Int {
        var copied = 0
        while copied < range.count {
            var from = Int64(range.lowerBound + copied)
            var to = Int64(offset + copied)
            let count = copy_file_range(
                source.rawValue, &from, descriptor.rawValue, &to, range.count - copied, 0)
            if count > 0 {
                copied += count
            } else if count == 0 {
                return copied
            } else if Self.cannotCopyInKernel(Errno(rawValue: errno)) {
                let rest = range.lowerBound + copied..<range.upperBound
                return copied
                    + (try copyByHand(rest, from: source, named: name, to: offset + copied))
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
        var copied = 0
        while copied < range.count {
            let wanted = min(chunkByteCount, range.count - copied)
            let chunk: [UInt8]
            do {
                chunk = try [UInt8](unsafeUninitializedCapacity: wanted) { buffer, count in
                    count = try source.read(
                        fromAbsoluteOffset: Int64(range.lowerBound + copied),
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
