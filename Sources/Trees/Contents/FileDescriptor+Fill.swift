internal import Glibc
package import SystemPackage

extension FileDescriptor {
    /// Reads from an offset on, until `enough` bytes are there (without it, as many as there is room
    /// for) or the file ends. Reads once at least.
    ///
    /// - Returns: how many bytes there are.
    package func fill(
        _ room: UnsafeMutableRawBufferPointer, at offset: UInt64, enough: Int? = nil
    ) throws(Errno) -> Int {
        let enough = enough ?? room.count
        var filled = 0
        repeat {
            let count = Glibc.pread(
                rawValue, room.baseAddress! + filled, room.count - filled,
                off_t(truncatingIfNeeded: offset) + off_t(filled))
            if count > 0 {
                filled += count
            } else if count == 0 {
                return filled
            } else if errno != EINTR {
                throw Errno(rawValue: errno)
            }
        } while filled < enough
        return filled
    }
}
