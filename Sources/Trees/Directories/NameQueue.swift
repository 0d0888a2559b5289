internal import Glibc

/// The names of a directory that is being walked, taken one by one while others are read.
final class NameQueue {
    /// Each with its NUL.
    private let bytes: UnsafeMutableBufferPointer<CChar>
    private var position = 0

    init(_ names: borrowing NameList) {
        var byteCount = 0
        for index in 0..<names.count { byteCount += strlen(names[index]) + 1 }
        bytes = .allocate(capacity: byteCount)
        var end = 0
        for index in 0..<names.count {
            let count = strlen(names[index]) + 1
            memcpy(bytes.baseAddress! + end, names[index], count)
            end += count
        }
    }

    deinit {
        bytes.deallocate()
    }

    /// Good as long as the queue is.
    func next() -> UnsafePointer<CChar>? {
        if position == bytes.count { return nil }
        let name = UnsafePointer(bytes.baseAddress! + position)
        position += strlen(name) + 1
        return name
    }
}
