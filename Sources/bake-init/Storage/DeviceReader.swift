import BakeContract

/// Fields of a device, by their offset from its start. What lies behind its end or cannot be read
/// is missing, and never a trap: the offsets come from the device itself.
struct DeviceReader {
    private let read: (UInt64, Int) -> Bytes

    /// - Parameter read: up to so many bytes from an offset.
    init(_ read: @escaping (UInt64, Int) -> Bytes) {
        self.read = read
    }

    init<System: GuestSystem>(_ path: Bytes, on system: System) {
        read = { offset, byteCount in
            // A device that cannot be read holds nothing we know.
            (try? system.read(path, at: offset, byteCount: byteCount)) ?? []  // as said above
        }
    }

    init(_ contents: Bytes) {
        read = { offset, byteCount in
            guard offset < UInt64(contents.count) else { return [] }
            let start = Int(offset)
            return Bytes(contents[start..<min(contents.count, start + byteCount)])
        }
    }

    /// Nil when not all of them are there. 64 EiB is past every device, and as a file offset negative.
    func bytes(at offset: UInt64, _ byteCount: Int) -> Bytes? {
        guard offset < 1 << 62 else { return nil }
        let bytes = read(offset, byteCount)
        return bytes.count == byteCount ? bytes : nil
    }

    /// As many of them as there are.
    func bytes(at offset: UInt64, upTo byteCount: Int) -> Bytes {
        offset < 1 << 62 ? read(offset, byteCount) : []
    }
}

/// A piece of a device whose length is known: numbers of it by their offset in it.
struct Sector {
    let bytes: Bytes

    /// The bytes of a field; a field that is not wholly inside is empty.
    func field(_ offset: Int, _ byteCount: Int) -> Bytes {
        guard offset >= 0, byteCount >= 0, offset + byteCount <= bytes.count else { return [] }
        return Bytes(bytes[offset..<(offset + byteCount)])
    }

    /// Little-endian.
    func number(_ offset: Int, _ byteCount: Int) -> UInt64 {
        var value: UInt64 = 0
        for byte in field(offset, byteCount).reversed() { value = value << 8 | UInt64(byte) }
        return value
    }

    func holds(_ mark: Bytes, at offset: Int) -> Bool { field(offset, mark.count) == mark }
}
