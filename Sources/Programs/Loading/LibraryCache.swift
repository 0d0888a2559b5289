internal import Trees

/// /etc/ld.so.cache: which library name is found at which path (ldconfig(8)), in glibc's format
/// since 2.2, alone or behind the older one.
///
///     offset  bytes  meaning
///          0     20  "glibc-ld.so.cache1.1"
///         20      4  number of entries
///         24      4  bytes of strings
///         28      1  byte order: 0 not said, 2 little-endian, 3 big-endian
///         32      4  offset of extensions
///         48  24 x n entries: flags, name, path (4 bytes each), OS version (4), hwcap (8)
///
/// Names and paths are offsets from the first byte of the magic. Entries are sorted by name,
/// backwards.
struct LibraryCache {
    struct Entry: Equatable {
        /// 3 in the lowest byte: a library of glibc. Above that, the architecture.
        var flags: UInt32
        var name: Bytes
        var path: Bytes
        /// Not 0: for processors that have more than the architecture promises.
        var hardwareCapabilities: UInt64 = 0
    }

    static let path: TreePath = "etc/ld.so.cache"
    private static let magic = Bytes("glibc-ld.so.cache1.1".utf8)
    private static let oldMagic = Bytes("ld.so-1.7.0".utf8)
    private static let headerByteCount = 48
    private static let entryByteCount = 24
    /// FLAG_ELF_LIBC6.
    private static let glibcLibrary: UInt32 = 3

    private var entriesByName: [Bytes: [Entry]] = [:]

    /// Nil when the bytes are no cache.
    ///
    /// - Parameter isLittleEndian: where the cache does not say.
    init?(_ bytes: Bytes, isLittleEndian: Bool) {
        guard let start = Self.start(in: bytes, isLittleEndian) else { return nil }
        let cache = Bytes(bytes[start...])
        guard cache.count >= Self.headerByteCount else { return nil }
        let order: Bool =
            switch cache[28] & 3 {
            case 2: true
            case 3: false
            default: isLittleEndian
            }
        let piece = ELFPiece(bytes: cache, isLittleEndian: order, isWide: true)
        let count = Int(piece.word(at: 20))
        guard count <= (cache.count - Self.headerByteCount) / Self.entryByteCount else {
            return nil
        }
        for index in 0..<count {
            let entry = Self.headerByteCount + index * Self.entryByteCount
            guard let name = Self.string(in: cache, at: piece.word(at: entry + 4)),
                let path = Self.string(in: cache, at: piece.word(at: entry + 8))
            else { continue }
            entriesByName[name, default: []].append(
                Entry(
                    flags: piece.word(at: entry), name: name, path: path,
                    hardwareCapabilities: piece.long(at: entry + 16)))
        }
    }

    /// Behind the entries of the older format, 12 bytes each, aligned to 8 or, on i386, 4 bytes.
    private static func start(in bytes: Bytes, _ isLittleEndian: Bool) -> Int? {
        if bytes.starts(with: magic) { return 0 }
        guard bytes.starts(with: oldMagic), bytes.count >= 16 else { return nil }
        let piece = ELFPiece(bytes: bytes, isLittleEndian: isLittleEndian, isWide: true)
        let end = 16 + Int(piece.word(at: 12)) * 12
        return [4, 8].map { (end + $0 - 1) / $0 * $0 }.first { start in
            start <= bytes.count && bytes[start...].starts(with: magic)
        }
    }

    private static func string(in bytes: Bytes, at offset: UInt32) -> Bytes? {
        guard offset < bytes.count else { return nil }
        let string = Bytes(bytes[Int(offset)...].prefix { $0 != 0 })
        return string.isEmpty ? nil : string
    }

    /// Paths for a name, the one for every processor first.
    func paths(of name: Bytes, for machine: ELFMachine) -> [Bytes] {
        let entries = (entriesByName[name] ?? []).filter { entry in
            guard entry.flags & 0xff == Self.glibcLibrary || entry.flags & 0xff == 1 else {
                return false
            }
            guard let known = machine.names?.cacheFlags else { return true }
            return known.contains(entry.flags & 0xff00)
        }
        return entries.filter { $0.hardwareCapabilities == 0 }.map(\.path)
            + entries.filter { $0.hardwareCapabilities != 0 }.map(\.path)
    }
}

extension LibraryCache {
    struct Library {
        let name: Bytes
        let path: Bytes
        let machine: ELFMachine
    }

    /// A cache of these libraries, as ldconfig writes it. Those for machines whose flags we do not
    /// know are left out; nil when that leaves none.
    static func bytes(of libraries: [Library]) -> Bytes? {
        let known = libraries.filter { $0.machine.names != nil }
        let sorted = known.sorted { isOrdered($1.name, before: $0.name) }
        guard let first = sorted.first else { return nil }
        let isLittleEndian = first.machine.isLittleEndian
        var strings = Bytes()
        var entries = NumberWriter(isLittleEndian: isLittleEndian)
        let stringStart = headerByteCount + sorted.count * entryByteCount
        func place(_ string: Bytes) -> UInt32 {
            defer { strings += string + [0] }
            return UInt32(stringStart + strings.count)
        }
        for library in sorted {
            entries.append(glibcLibrary | (library.machine.names?.cacheFlags.first ?? 0))
            entries.append(place(library.name))
            entries.append(place(library.path))
            for _ in 0..<3 { entries.append(0) }
        }
        var header = NumberWriter(isLittleEndian: isLittleEndian)
        header.bytes = magic
        header.append(UInt32(sorted.count))
        header.append(UInt32(strings.count))
        header.bytes += [isLittleEndian ? 2 : 3, 0, 0, 0]
        for _ in 0..<4 { header.append(0) }
        return header.bytes + entries.bytes + strings
    }

    /// The order of the loader's binary search: digits are compared as numbers
    /// (_dl_cache_libcmp of glibc), everything else as bytes, which are signed there.
    static func isOrdered(_ left: Bytes, before right: Bytes) -> Bool {
        var left = left[...]
        var right = right[...]
        while let first = left.first {
            guard let second = right.first else { return false }
            switch (isDigit(first), isDigit(second)) {
            case (true, true):
                let (leftNumber, rightNumber) = (takeNumber(&left), takeNumber(&right))
                if leftNumber != rightNumber { return leftNumber < rightNumber }
            case (true, false): return false
            case (false, true): return true
            case (false, false):
                if first != second {
                    return Int8(bitPattern: first) < Int8(bitPattern: second)
                }
                left.removeFirst()
                right.removeFirst()
            }
        }
        return !right.isEmpty
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    /// Wrapping, as 32-bit arithmetic does it there.
    private static func takeNumber(_ text: inout ArraySlice<UInt8>) -> Int32 {
        var number: Int32 = 0
        while let digit = text.first, isDigit(digit) {
            number = number &* 10 &+ Int32(digit - 0x30)
            text.removeFirst()
        }
        return number
    }
}

/// 32-bit numbers in either byte order.
private struct NumberWriter {
    let isLittleEndian: Bool
    var bytes = Bytes()

    mutating func append(_ number: UInt32) {
        let number = isLittleEndian ? number.littleEndian : number.bigEndian
        withUnsafeBytes(of: number) { bytes += $0 }
    }
}
