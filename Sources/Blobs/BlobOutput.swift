internal import Glibc
internal import SystemPackage

/// The file a blob is written to, by several threads, each at places of its own.
struct BlobOutput: Sendable {
    private let descriptor: FileDescriptor
    /// Where the blob begins in the file, in bytes.
    private let start: UInt64
    private let limitByteCount: UInt64

    /// - Parameter limitByteCount: how long the file may become.
    ///
    /// The descriptor stays the caller's.
    init(
        _ descriptor: FileDescriptor, start: UInt64 = 0, limitByteCount: UInt64 = .max
    ) {
        self.descriptor = descriptor
        self.start = start
        self.limitByteCount = limitByteCount
    }

    func empty() throws(BlobError) { try cut(toByteCount: 0) }

    func cut(toByteCount byteCount: UInt64) throws(BlobError) {
        guard ftruncate(descriptor.rawValue, off_t(start + byteCount)) == 0 else {
            throw .output(.resize, Errno(rawValue: errno))
        }
    }

    func write(_ bytes: [UInt8], at offset: UInt64) throws(BlobError) {
        try bytes.withUnsafeBufferPointer { buffer throws(BlobError) in
            try write(UnsafeRawBufferPointer(buffer), at: offset)
        }
    }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(BlobError) {
        guard offset + UInt64(bytes.count) <= limitByteCount else {
            throw .tooLong(limitByteCount: limitByteCount)
        }
        var done = 0
        while done < bytes.count {
            let count = pwrite(
                descriptor.rawValue, bytes.baseAddress! + done, bytes.count - done,
                off_t(start + offset) + off_t(done))
            if count >= 0 {
                done += count
            } else if errno != EINTR {
                throw .output(.write, Errno(rawValue: errno))
            }
        }
    }
}
