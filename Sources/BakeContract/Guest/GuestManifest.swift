/// What PID 1 must know of the blob before it can read it: `bake/manifest` of the settings archive.
/// Lines of `key value` in a fixed order; docs/image-format.md, *Initramfs, settings, room, blob*.
public struct GuestManifest: Equatable, Sendable {
    public enum BlobKind: Equatable, Sendable {
        /// Mounted where it lies.
        case squashfs
        /// A pax archive in an LZ4 frame, unpacked to memory.
        case tar
    }

    public var blobKind: BlobKind
    /// Bytes, hash tree included.
    public var blobByteCount: UInt64
    /// SHA-256 of those bytes, 64 lower-case hexadecimal digits. For tar, and only there: a
    /// squashfs is named by the root hash of its tree.
    public var blobDigest: Bytes?
    /// For squashfs, and only there.
    public var verity: VerityParameters?

    public init(
        blobKind: BlobKind, blobByteCount: UInt64, blobDigest: Bytes?, verity: VerityParameters?
    ) {
        self.blobKind = blobKind
        self.blobByteCount = blobByteCount
        self.blobDigest = blobDigest
        self.verity = verity
    }
}

/// The dm-verity tree behind a squashfs: version 1, SHA-256, blocks of 4096 bytes, no superblock.
public struct VerityParameters: Equatable, Sendable {
    public var dataBlockCount: UInt64
    /// In blocks from the start of the blob.
    public var hashStartBlock: UInt64
    /// 64 lower-case hexadecimal digits.
    public var rootHash: Bytes
    /// Lower-case hexadecimal, an even number of digits, at most 512.
    public var salt: Bytes

    public init(dataBlockCount: UInt64, hashStartBlock: UInt64, rootHash: Bytes, salt: Bytes) {
        self.dataBlockCount = dataBlockCount
        self.hashStartBlock = hashStartBlock
        self.rootHash = rootHash
        self.salt = salt
    }
}

extension GuestManifest {
    public var encoded: Bytes {
        var text = Bytes("bake-guest 1\n")
        text += Bytes(blobKind == .squashfs ? "blob-kind squashfs\n" : "blob-kind tar\n")
        text += Bytes("blob-bytes \(blobByteCount)\n")
        if let blobDigest { text += Bytes("blob-sha256 ") + blobDigest + [ASCII.newline] }
        if let verity {
            text += Bytes("verity-data-blocks \(verity.dataBlockCount)\n")
            text += Bytes("verity-hash-start \(verity.hashStartBlock)\n")
            text += Bytes("verity-root ") + verity.rootHash + [ASCII.newline]
            text += Bytes("verity-salt ") + verity.salt + [ASCII.newline]
        }
        return text
    }

    /// Reads exactly what `encoded` writes: every line, in that order, and nothing behind it.
    public static func parse(_ text: Bytes) throws(ManifestError) -> GuestManifest {
        var lines = ManifestLines(text)
        guard try lines.value(of: "bake-guest") == Bytes("1") else { throw lines.error(.badValue) }
        let kindName = try lines.value(of: "blob-kind")
        let kind: BlobKind
        if kindName.equals("squashfs") {
            kind = .squashfs
        } else if kindName.equals("tar") {
            kind = .tar
        } else {
            throw lines.error(.badValue)
        }
        let byteCount = try lines.number(of: "blob-bytes")
        var digest: Bytes?
        var verity: VerityParameters?
        switch kind {
        case .tar:
            digest = try lines.hexadecimal(of: "blob-sha256", digitCounts: 64...64)
        case .squashfs:
            verity = VerityParameters(
                dataBlockCount: try lines.number(of: "verity-data-blocks"),
                hashStartBlock: try lines.number(of: "verity-hash-start"),
                rootHash: try lines.hexadecimal(of: "verity-root", digitCounts: 64...64),
                salt: try lines.hexadecimal(of: "verity-salt", digitCounts: 0...512))
        }
        guard lines.isAtEnd else { throw lines.error(.unexpectedLine) }
        return GuestManifest(
            blobKind: kind, blobByteCount: byteCount, blobDigest: digest, verity: verity)
    }
}

/// Which line of a guest manifest is wrong.
public struct ManifestError: Error, Equatable, Sendable, CustomStringConvertible {
    public enum Problem: Equatable, Sendable {
        case unexpectedLine
        case badValue
    }

    /// From 1.
    public var line: Int
    public var problem: Problem

    public init(line: Int, problem: Problem) {
        self.line = line
        self.problem = problem
    }

    public var description: String {
        switch problem {
        case .unexpectedLine: "line \(line) of the guest manifest is not what belongs there"
        case .badValue: "the value in line \(line) of the guest manifest makes no sense"
        }
    }
}

private struct ManifestLines {
    let text: Bytes
    var offset = 0
    var line = 0

    init(_ text: Bytes) {
        self.text = text
    }

    var isAtEnd: Bool { offset == text.count }

    func error(_ problem: ManifestError.Problem) -> ManifestError {
        ManifestError(line: line, problem: problem)
    }

    mutating func value(of key: StaticString) throws(ManifestError) -> Bytes {
        line += 1
        let start = offset + key.utf8CodeUnitCount
        guard text.starts(with: key, at: offset), start < text.count, text[start] == ASCII.space
        else { throw error(.unexpectedLine) }
        var end = start + 1
        while end < text.count, text[end] != ASCII.newline { end += 1 }
        guard end < text.count else { throw error(.unexpectedLine) }
        offset = end + 1
        return Bytes(text[(start + 1)..<end])
    }

    mutating func number(of key: StaticString) throws(ManifestError) -> UInt64 {
        let digits = try value(of: key)
        guard let number = unsignedNumber(digits) else { throw error(.badValue) }
        return number
    }

    mutating func hexadecimal(
        of key: StaticString, digitCounts: ClosedRange<Int>
    ) throws(ManifestError) -> Bytes {
        let digits = try value(of: key)
        guard digitCounts.contains(digits.count), digits.count % 2 == 0 else {
            throw error(.badValue)
        }
        for digit in digits where hexValue(digit) == nil || (digit >= 0x41 && digit <= 0x46) {
            throw error(.badValue)
        }
        return digits
    }
}

/// A decimal number and nothing else, no leading zero; nil where it does not fit.
func unsignedNumber(_ digits: Bytes) -> UInt64? {
    guard !digits.isEmpty, digits.count == 1 || digits[0] != ASCII.zero else { return nil }
    var value: UInt64 = 0
    for digit in digits {
        guard ASCII.isDigit(digit) else { return nil }
        let (product, isTooLarge) = value.multipliedReportingOverflow(by: 10)
        let (sum, isTooLargeToo) = product.addingReportingOverflow(UInt64(digit &- ASCII.zero))
        if isTooLarge || isTooLargeToo { return nil }
        value = sum
    }
    return value
}
