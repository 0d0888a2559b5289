internal import CFileStatus
internal import Glibc
internal import SystemPackage

/// The names in one directory at a time, sorted as bytes: the kernel's own records (getdents64(2)),
/// so that a name costs no allocation. Filled anew for every directory.
struct NameList: ~Copyable {
    private var records: UnsafeMutableRawPointer
    private var capacity = 1 << 16
    /// Where each name starts in `records`.
    private var starts: [Int] = []

    init() {
        records = .allocate(byteCount: capacity, alignment: 8)
    }

    deinit {
        records.deallocate()
    }

    var count: Int { starts.count }

    /// NUL-terminated; good until the list is filled again.
    subscript(index: Int) -> UnsafePointer<CChar> { name(at: starts[index]) }

    /// Every name but `.` and `..`.
    ///
    /// - Parameter isReversed: take them in the opposite of the kernel's order, before they are
    ///   sorted.
    mutating func fill(
        from directory: FileDescriptor, isReversed: Bool = false
    ) throws(Errno) {
        starts.removeAll(keepingCapacity: true)
        var end = 0
        while true {
            if capacity - end < Self.leastRoom { grow(keeping: end) }
            let count = getdents64(directory.rawValue, records + end, capacity - end)
            guard count >= 0 else { throw Errno(rawValue: errno) }
            if count == 0 { break }
            addNames(from: end, to: end + count)
            end += count
        }
        if isReversed { starts.reverse() }
        sort()
    }

    /// struct linux_dirent64 of getdents64(2): inode and offset, 8 bytes each; the record's length,
    /// 2 bytes; type; name.
    private mutating func addNames(from start: Int, to end: Int) {
        var record = start
        while record < end {
            let nameStart = record + 19
            let name = name(at: nameStart)
            if strcmp(name, ".") != 0 && strcmp(name, "..") != 0 { starts.append(nameStart) }
            record += Int((records + record + 16).load(as: UInt16.self))
        }
    }

    private mutating func sort() {
        let records = UnsafeRawPointer(records)
        // strcmp compares as unsigned bytes (C11 7.24.4).
        starts.sort {
            strcmp(
                (records + $0).assumingMemoryBound(to: CChar.self),
                (records + $1).assumingMemoryBound(to: CChar.self)) < 0
        }
    }

    private func name(at start: Int) -> UnsafePointer<CChar> {
        UnsafePointer((records + start).assumingMemoryBound(to: CChar.self))
    }

    /// A record is 280 bytes at most; the more fit, the fewer calls.
    private static let leastRoom = 1 << 15

    private mutating func grow(keeping byteCount: Int) {
        let larger = UnsafeMutableRawPointer.allocate(byteCount: capacity * 2, alignment: 8)
        larger.copyMemory(from: records, byteCount: byteCount)
        records.deallocate()
        records = larger
        capacity *= 2
    }
}
