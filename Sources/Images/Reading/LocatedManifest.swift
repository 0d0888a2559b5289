internal import BakeContract

/// A manifest whose own digest is right, and where it stands in the file.
///
/// Damage to what points to the manifest must not hide it: setup area, section table and boot
/// record are under digests in the manifest, which is how we learn that they are damaged.
struct LocatedManifest {
    let manifest: Manifest
    /// File offsets of the text, without the zeros behind it.
    let range: Range<Int>

    enum Search {
        case found(LocatedManifest)
        case damaged(Damage)
    }

    static func find(in file: InputFile) throws(ImageError) -> Search {
        let claims = try Claims(file)
        var damage: Damage?
        for offset in claims.offsets + (try scan(file)) {
            switch try damageOrValue({ () throws(ImageError) in try read(file, at: offset) }) {
            case .value(let located): return .found(located)
            case .damage(let found): damage = damage ?? found
            }
        }
        if let damage = damage ?? claims.damage { return .damaged(damage) }
        throw .notAnImage(path: file.path)
    }

    private static func read(
        _ file: InputFile, at offset: Int
    ) throws(ImageError) -> LocatedManifest {
        let lineRange = offset..<offset + Manifest.firstLineByteCount
        let firstLine = try file.bytes(in: lineRange, of: .manifest)
        // A line that is damaged gets its exact flaw from the decoder.
        let byteCount = Manifest.encodedByteCount(firstLine: firstLine) ?? firstLine.count
        guard byteCount <= ByteLimit.manifest else {
            throw .malformed(part: .manifest, flaw: .badField("first line"))
        }
        let range = offset..<offset + byteCount
        let manifest = try Manifest(decoding: try file.bytes(in: range, of: .manifest))
        return LocatedManifest(manifest: manifest, range: range)
    }

    /// Offsets near the front of the file where a manifest's magic stands: the last resort.
    private static func scan(_ file: InputFile) throws(ImageError) -> [Int] {
        // Setup area and stub come before it, at most 128 KiB and a few dozen.
        let reachByteCount = 1 << 20
        let front = try file.bytes(in: 0..<min(reachByteCount, file.byteCount), of: .setup)
        return stride(from: 0, to: front.count, by: 512).filter { offset in
            front[offset...].starts(with: Manifest.magic)
        }
    }
}

/// Where boot record and section table say that the manifest stands.
private struct Claims {
    var offsets: [Int] = []
    /// Why they say nothing, when the file is cut short in front of it.
    var damage: Damage?

    init(_ file: InputFile) throws(ImageError) {
        switch try damageOrValue({ () throws(ImageError) in try SetupArea(of: file) }) {
        case .damage(let damage): note(damage)
        case .value(let setup):
            try addRecord(setup, in: file)
            try addSection(setup, in: file)
        }
    }

    private mutating func addRecord(_ setup: SetupArea, in file: InputFile) throws(ImageError) {
        switch try damageOrValue({ () throws(ImageError) in try setup.bootRecord(in: file) }) {
        case .value(let record): offsets.append(setup.bytes.count + record.manifest.lowerBound)
        case .damage(let damage): note(damage)
        }
    }

    private mutating func addSection(_ setup: SetupArea, in file: InputFile) throws(ImageError) {
        let sections = try damageOrValue { () throws(ImageError) in
            // A section may lie behind the end of a file that was cut; .bake need not.
            try setup.sections(fileByteCount: .max)
        }
        guard case .value(let found) = sections else { return }
        offsets += found.filter { $0.name == ".bake" }.map(\.range.lowerBound)
    }

    private mutating func note(_ found: Damage) {
        // Without its magic it is no image at all; that is said in other words.
        if found.flaw != .wrongMagic, damage == nil { damage = found }
    }
}
