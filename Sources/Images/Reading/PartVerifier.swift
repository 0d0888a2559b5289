internal import BakeContract
internal import Crypto

/// Goes through a file from the first byte to the last and compares it with what its manifest
/// says.
struct PartVerifier {
    let file: InputFile
    let manifest: Manifest
    /// In file order, disjoint, the first at 0.
    let parts: [ImagePart]
    var skipsBlob = false

    func run() throws(ImageError) -> [Damage] {
        var damages: [Damage] = []
        for (index, part) in parts.enumerated() {
            guard part.range.upperBound <= file.byteCount else {
                // What comes later is missing as well; naming the first says it.
                damages.append(missingBytes(in: .part(part.name), upTo: part.range.upperBound))
                return damages
            }
            damages += try content(of: part)
            let isLast = index == parts.count - 1
            let end =
                isLast ? PartTable.fileByteCount(of: parts) : parts[index + 1].range.lowerBound
            guard end <= file.byteCount else {
                let place: Damage.Place =
                    isLast ? .padding(after: part.name) : .part(parts[index + 1].name)
                damages.append(missingBytes(in: place, upTo: end))
                return damages
            }
            damages += try zeros(in: part.range.upperBound..<end, after: part.name)
        }
        return damages + (try signature())
    }

    private func missingBytes(in place: Damage.Place, upTo end: Int) -> Damage {
        Damage(
            place: place, flaw: .truncated(byteCount: file.byteCount, neededByteCount: end))
    }

    private func content(of part: ImagePart) throws(ImageError) -> [Damage] {
        switch part.name {
        case .blob where skipsBlob: return []
        case .blob: return try blobFlaw(part).map { [Damage(place: .part(.blob), flaw: $0)] } ?? []
        case .manifest: return []  // its digest was checked when it was found
        case .room: return try room(part)
        default:
            let digest =
                part.name == .setup
                ? try setupDigest(part) : try file.digest(of: part.range, part: part.name)
            guard digest == manifest.digest(of: part.name) else {
                return [Damage(place: .part(part.name), flaw: .wrongDigest)]
            }
            return []
        }
    }

    /// What is wrong with the blob's content; nil when nothing is.
    func blobFlaw(_ part: ImagePart) throws(ImageError) -> FormatFlaw? {
        if let expected = manifest.blob.digest {
            let digest = try file.digest(of: part.range, part: .blob)
            return digest == expected ? nil : .wrongDigest
        }
        guard let tree = HashTreeVerifier(file, blob: part.range, manifest.blob) else {
            return .badField("hash tree")
        }
        return try tree.firstDamage().map(FormatFlaw.wrongBlock(offset:))
    }

    private func setupDigest(_ part: ImagePart) throws(ImageError) -> ContentDigest {
        var bytes = try file.bytes(in: part.range, of: .setup)
        // Where the headers are so damaged that the fields are not found, the digest is wrong
        // with them in it too.
        if case .value(let headers) = try locations() {
            for range in [headers.checksum, headers.certificateEntry]
            where range.upperBound <= bytes.count {
                bytes.replaceSubrange(range, with: repeatElement(0, count: range.count))
            }
        }
        return ContentDigest.of(bytes)
    }

    private func room(_ part: ImagePart) throws(ImageError) -> [Damage] {
        let bytes = try file.bytes(in: part.range, of: .room)
        let slots = ConfigurationRoom.slotRange(0).lowerBound
        let slotsEnd = ConfigurationRoom.slotRange(ConfigurationRoom.slotCount - 1).upperBound
        var flaws: [FormatFlaw] = []
        if Array(bytes[..<slots]) != (try ConfigurationRoom.archiveHead()) {
            flaws.append(.badField("member header"))
        }
        for (index, slot) in try ConfigurationRoom(archive: bytes).slots.enumerated()
        where slot == nil {
            flaws.append(.badField("slot \(index + 1)"))
        }
        if Array(bytes[slotsEnd...]) != (try ConfigurationRoom.archiveTail()) {
            flaws.append(.badField("trailer"))
        }
        return flaws.map { Damage(place: .part(.room), flaw: $0) }
    }

    private func zeros(in range: Range<Int>, after name: PartName) throws(ImageError) -> [Damage] {
        var offset = range.lowerBound
        var found: Int?
        try file.forEachChunk(in: range, of: name) { chunk in
            if found == nil, let index = chunk.firstIndex(where: { $0 != 0 }) {
                found = offset + index
            }
            offset += chunk.count
        }
        guard let found else { return [] }
        return [Damage(place: .padding(after: name), flaw: .notZero(offset: found))]
    }
}

extension PartVerifier {
    private func locations() throws(ImageError) -> DamageOrValue<HeaderLocations> {
        try damageOrValue { () throws(ImageError) in
            try HeaderLocations(try SetupArea(of: file))
        }
    }

    /// The two fields that no digest covers, because signing changes them, and what a signature
    /// adds behind the last part.
    private func signature() throws(ImageError) -> [Damage] {
        guard case .value(let headers) = try locations() else { return [] }
        let end = PartTable.fileByteCount(of: parts)
        var damages: [Damage] = []
        let entry = try file.bytes(in: headers.certificateEntry, of: .setup)
        let start = entry.littleEndian(UInt32.self, at: 0) ?? 0
        let byteCount = entry.littleEndian(UInt32.self, at: 4) ?? 0
        if start != 0 || byteCount != 0 {
            if Int(start) != end || Int(start) + Int(byteCount) != file.byteCount {
                damages.append(
                    Damage(place: .part(.setup), flaw: .badField("certificate table entry")))
            }
        } else if file.byteCount > end {
            damages.append(Damage(place: .end, flaw: .trailingBytes(offset: end)))
        }
        let checksum = try file.bytes(in: headers.checksum, of: .setup)
            .littleEndian(UInt32.self, at: 0)
        if let checksum, checksum != 0,
            checksum != (try PEChecksum.of(file, field: headers.checksum))
        {
            damages.append(Damage(place: .part(.setup), flaw: .badField("CheckSum")))
        }
        return damages
    }
}

/// The checksum of the PE format's optional header: the sum of all 16-bit words with the carry
/// added back in, the field itself as zeros, plus the length of the file.
enum PEChecksum {
    static func of(_ file: InputFile, field: Range<Int>) throws(ImageError) -> UInt32 {
        var sum: UInt32 = 0
        var offset = 0
        // Chunks begin at even offsets, so words do not cross them.
        try file.forEachChunk(in: 0..<file.byteCount, of: .setup) { chunk in
            for index in stride(from: 0, to: chunk.count, by: 2)
            where !field.contains(offset + index) {
                let high = index + 1 < chunk.count ? UInt32(chunk[index + 1]) << 8 : 0
                sum += UInt32(chunk[index]) | high
                sum = (sum & 0xffff) + (sum >> 16)
            }
            offset += chunk.count
        }
        return sum + UInt32(truncatingIfNeeded: file.byteCount)
    }
}
