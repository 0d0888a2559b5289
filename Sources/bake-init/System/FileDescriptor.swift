import BakeContract
import CGuest

/// An open file, closed when its owner goes.
struct FileDescriptor: ~Copyable {
    let number: Int32
    private var isOwned = true

    init(adopting number: Int32) { self.number = number }

    /// Always close-on-exec: a program gets exactly the descriptors it is given.
    init(opening path: Bytes, _ flags: Int32, mode: mode_t = 0) throws(Errno) {
        number = try checked {
            withCString(path) { guest_open($0, flags | O_CLOEXEC, mode) }
        }
    }

    deinit { if isOwned { close(number) } }

    /// Gives the number away; it is not closed here any more.
    consuming func release() -> Int32 {
        // Embedded Swift has no `discard self` here, so the deinitialiser is told.
        isOwned = false
        return number
    }

    /// Up to `limit` bytes from where the file stands.
    func read(limit: Int) throws(Errno) -> Bytes {
        var contents = Bytes()
        var chunk = Bytes(repeating: 0, count: min(limit, 1 << 16))
        while contents.count < limit {
            let wanted = min(chunk.count, limit - contents.count)
            let count = try checked {
                chunk.withUnsafeMutableBytes { CGuest.read(number, $0.baseAddress, wanted) }
            }
            if count == 0 { break }
            contents += chunk[..<count]
        }
        return contents
    }

    /// All of the bytes, however many calls it takes.
    func write(all bytes: Bytes) throws(Errno) {
        var start = 0
        while start < bytes.count {
            start += try checked {
                bytes.withUnsafeBytes {
                    CGuest.write(number, $0.baseAddress! + start, bytes.count - start)
                }
            }
        }
    }
}
