public import BakeContract

extension Manifest {
    /// `bake-manifest 1 <length, 10 digits> <SHA-256, 64 digits>` and a newline.
    public static let firstLineByteCount = 92
    static let magic = Array("bake-manifest ".utf8)
    private static let versionField = Array("1 ".utf8)
    private static let lengthRange = 16..<26
    private static let digestRange = 27..<91

    /// The first line and the JSON; what pads the part is the writer's.
    public func encoded() -> Bytes {
        let text = json.compactText
        let digits = String(text.count)
        let length = String(repeating: "0", count: Self.lengthRange.count - digits.count) + digits
        let digest = ContentDigest.of(text).hex
        return Self.magic + Self.versionField + Array("\(length) \(digest)\n".utf8) + text
    }

    /// How many bytes the text has, first line included, by what its first line says. Nil when
    /// this is no manifest's first line.
    static func encodedByteCount(firstLine bytes: Bytes) -> Int? {
        guard bytes.count >= firstLineByteCount, bytes.starts(with: magic + versionField),
            bytes[26] == UInt8(ascii: " "), bytes[91] == UInt8(ascii: "\n"),
            let length = Int(String(decoding: bytes[lengthRange], as: UTF8.self)), length >= 0
        else { return nil }
        return firstLineByteCount + length
    }

    /// Reads first line and JSON; the zeros behind them are the caller's to check. Every range of
    /// a part is ordered and disjoint afterwards; that the file is long enough is not known here.
    public init(decoding bytes: Bytes) throws(ImageError) {
        guard bytes.starts(with: Self.magic), bytes.count >= Self.firstLineByteCount else {
            throw .malformed(part: .manifest, flaw: .wrongMagic)
        }
        guard let byteCount = Self.encodedByteCount(firstLine: bytes) else {
            throw .malformed(part: .manifest, flaw: .badField("first line"))
        }
        guard bytes.count >= byteCount else {
            throw .malformed(
                part: .manifest,
                flaw: .truncated(byteCount: bytes.count, neededByteCount: byteCount))
        }
        let text = Array(bytes[Self.firstLineByteCount..<byteCount])
        guard ContentDigest(hex: bytes[Self.digestRange]) == ContentDigest.of(text) else {
            throw .malformed(part: .manifest, flaw: .wrongDigest)
        }
        do {
            self = try Self(json: try JSONValue.parse(text, file: Array("manifest".utf8)))
        } catch let error as ImageError {
            throw error
        } catch {
            throw .malformed(part: .manifest, flaw: .badField("JSON"))
        }
    }
}

extension Manifest {
    /// The manifest as docs/image-format.md has it, also what `bake inspect --json` shows of it.
    public var json: JSONValue {
        let listed = packages.isEmpty ? [] : [("packages", JSONValue.array(packages.map(\.json)))]
        return object(
            listed + [
                ("format", .integer(Int64(Self.formatVersion))),
                ("bake", .text(bakeVersion)),
                ("architecture", .text(architecture)),
                ("kernel", object([("version", .text(kernelVersion))])),
                ("efiStub", object([("version", .text(efiStubVersion))])),
                ("blob", blob.json),
                (
                    "memory",
                    object([
                        ("inPlace", .integer(Int64(memory.inPlaceByteCount))),
                        ("ramdisk", .integer(Int64(memory.ramdiskByteCount))),
                        ("uefi", .integer(Int64(memory.uefiByteCount))),
                    ])
                ),
                ("parts", .array(parts.map(\.json))),
            ])
    }

    private init(json: JSONValue) throws(ImageError) {
        let fields = ManifestFields(json: json, path: "")
        let format = try fields.count("format")
        guard format == Self.formatVersion else {
            throw .malformed(part: .manifest, flaw: .unsupportedVersion(UInt64(format)))
        }
        self.bakeVersion = try fields.text("bake")
        self.architecture = try fields.text("architecture")
        self.kernelVersion = try fields.object("kernel").text("version")
        self.efiStubVersion = try fields.object("efiStub").text("version")
        self.blob = try BlobDescription(try fields.object("blob"))
        let memory = try fields.object("memory")
        self.memory = MemoryNeeds(
            inPlaceByteCount: try memory.count("inPlace"),
            ramdiskByteCount: try memory.count("ramdisk"),
            uefiByteCount: try memory.count("uefi"))
        self.packages = []
        if !fields.isAbsent("packages") {
            for package in try fields.list("packages") { packages.append(try Package(package)) }
        }
        self.parts = []
        for part in try fields.list("parts") {
            let digested = try DigestedPart(part)
            let known = parts.last?.part.range.upperBound ?? 0
            guard digested.part.range.lowerBound >= known,
                !parts.contains(where: { $0.part.name == digested.part.name })
            else { throw part.bad("offset") }
            parts.append(digested)
        }
    }
}

extension Manifest.Package {
    var json: JSONValue {
        object([
            ("name", .text(name)),
            ("version", .text(version)),
            ("architecture", .text(architecture)),
        ])
    }

    fileprivate init(_ fields: ManifestFields) throws(ImageError) {
        self.init(
            name: try fields.text("name"), version: try fields.text("version"),
            architecture: try fields.text("architecture"))
    }
}

extension Manifest.DigestedPart {
    fileprivate var json: JSONValue {
        object([
            ("name", .text(part.name.rawValue)),
            ("offset", .integer(Int64(part.range.lowerBound))),
            ("byteCount", .integer(Int64(part.range.count))),
            ("sha256", digest.json),
        ])
    }

    fileprivate init(_ fields: ManifestFields) throws(ImageError) {
        guard let name = PartName(rawValue: try fields.text("name")), name.hasDigestInManifest
        else { throw fields.bad("name") }
        let offset = try fields.count("offset")
        self.part = ImagePart(name: name, range: offset..<offset + (try fields.count("byteCount")))
        self.digest = try fields.isNull("sha256") ? nil : fields.digest("sha256")
        // A squashfs alone has none; whether the blob is one, the blob's description says.
        guard digest != nil || name == .blob else { throw fields.bad("sha256") }
    }
}

extension ContentDigest? {
    fileprivate var json: JSONValue { map { .text($0.hex) } ?? .null }
}

extension BlobDescription {
    fileprivate var json: JSONValue {
        object([
            ("kind", .text(kind.rawValue)),
            ("compression", .text(compression)),
            ("byteCount", .integer(Int64(byteCount))),
            ("dataByteCount", .integer(Int64(dataByteCount))),
            ("sha256", digest.json),
            ("verity", verity?.json ?? .null),
        ])
    }

    fileprivate init(_ fields: ManifestFields) throws(ImageError) {
        guard let kind = Kind(rawValue: try fields.text("kind")) else { throw fields.bad("kind") }
        self.kind = kind
        self.compression = try fields.text("compression")
        self.byteCount = try fields.count("byteCount")
        self.dataByteCount = try fields.count("dataByteCount")
        self.digest = try fields.isNull("sha256") ? nil : fields.digest("sha256")
        self.verity =
            try fields.isNull("verity") ? nil : VerityDescription(try fields.object("verity"))
        // One of them names the blob, and covers every byte of it.
        guard (digest == nil) == (kind == .squashfs) else { throw fields.bad("sha256") }
        guard (verity != nil) == (kind == .squashfs) else { throw fields.bad("verity") }
        guard dataByteCount <= byteCount else { throw fields.bad("dataByteCount") }
    }
}

extension VerityDescription {
    fileprivate var json: JSONValue {
        object([
            ("rootHash", .text(rootHash.hex)),
            ("salt", .text(hexadecimal(salt))),
            ("dataBlockCount", .integer(Int64(dataBlockCount))),
            ("hashStartBlock", .integer(Int64(hashStartBlock))),
        ])
    }

    fileprivate init(_ fields: ManifestFields) throws(ImageError) {
        self.rootHash = try fields.digest("rootHash")
        guard let salt = bytes(ofHex: try fields.text("salt").utf8) else {
            throw fields.bad("salt")
        }
        self.salt = salt
        self.dataBlockCount = try fields.count("dataBlockCount")
        self.hashStartBlock = try fields.count("hashStartBlock")
    }
}

private func object(_ members: [(String, JSONValue)]) -> JSONValue {
    .object(members.map { JSONMember(Array($0.0.utf8), $0.1) })
}

/// An object of the manifest's JSON, read by key; errors name the path to the key.
private struct ManifestFields {
    let json: JSONValue
    let path: String

    func bad(_ key: String) -> ImageError {
        .malformed(part: .manifest, flaw: .badField(path + key))
    }

    func isAbsent(_ key: String) -> Bool { json[key] == nil }

    func isNull(_ key: String) -> Bool { json[key] == .null }

    func text(_ key: String) throws(ImageError) -> String {
        guard let bytes = json[key]?.string, let text = String(validating: bytes, as: UTF8.self)
        else { throw bad(key) }
        return text
    }

    /// A whole number that is not negative.
    func count(_ key: String) throws(ImageError) -> Int {
        guard let number = json[key]?.integer, number >= 0, number <= ByteLimit.offset else {
            throw bad(key)
        }
        return Int(number)
    }

    func digest(_ key: String) throws(ImageError) -> ContentDigest {
        guard let digest = ContentDigest(hex: try text(key).utf8) else { throw bad(key) }
        return digest
    }

    func object(_ key: String) throws(ImageError) -> ManifestFields {
        guard let value = json[key], value.members != nil else { throw bad(key) }
        return ManifestFields(json: value, path: "\(path)\(key).")
    }

    func list(_ key: String) throws(ImageError) -> [ManifestFields] {
        guard let elements = json[key]?.array else { throw bad(key) }
        return elements.indices.map { index in
            ManifestFields(json: elements[index], path: "\(path)\(key)[\(index)].")
        }
    }
}
