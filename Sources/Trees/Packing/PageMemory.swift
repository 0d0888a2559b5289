internal import Glibc

/// Whole pages of memory, owned by whoever has it: they go back to the system at once, which those of
/// malloc(3) may not, however many they are.
struct PageMemory {
    private(set) var bytes: UnsafeMutableRawBufferPointer

    /// At least so many bytes, zeros; pages take memory when they are written to.
    init(byteCount: Int) {
        let count = Self.wholePages(byteCount)
        let start = mmap(nil, count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let start, start != MAP_FAILED else { fatalError("no memory for a tree") }
        bytes = UnsafeMutableRawBufferPointer(start: start, count: count)
    }

    func deallocate() {
        munmap(bytes.baseAddress, bytes.count)
    }

    /// Moves what is at the start, `used` bytes, to so many bytes.
    mutating func resize(to byteCount: Int, keeping used: Int) {
        let other = PageMemory(byteCount: byteCount)
        other.bytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes.prefix(used)))
        deallocate()
        self = other
    }

    /// Gives back the pages behind the first `used` bytes.
    mutating func trim(to used: Int) {
        let count = Self.wholePages(used)
        guard count < bytes.count else { return }
        munmap(bytes.baseAddress! + count, bytes.count - count)
        bytes = UnsafeMutableRawBufferPointer(rebasing: bytes.prefix(count))
    }

    private static func wholePages(_ byteCount: Int) -> Int {
        let page = Int(sysconf(Int32(_SC_PAGESIZE)))
        return max(1, (byteCount + page - 1) / page) * page
    }
}
